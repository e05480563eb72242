/** The bell's looks. Pages restyle it with the `--punctual-*` variables and `::part()`. */

const css = `
:host {
  all: initial; color-scheme: light dark;
  --_accent: var(--punctual-accent, light-dark(#0b6b5d, #5cc8b4));
  --_on-accent: var(--punctual-on-accent, light-dark(#fff, #08221d));
  --_surface: var(--punctual-surface, light-dark(#fff, #211f1d));
  --_hover: var(--punctual-hover, light-dark(#f5f4f1, #2b2926));
  --_fresh: var(--punctual-fresh, light-dark(#f1f7f5, #202b28));
  --_text: var(--punctual-text, light-dark(#1d1c1a, #f1efeb));
  --_muted: var(--punctual-muted, light-dark(#64615a, #a9a59c));
  --_line: var(--punctual-line, light-dark(#e6e3dd, #383531));
  --_alert: var(--punctual-alert, light-dark(#c2321f, #ff8a76));
  --_warn: var(--punctual-warn, light-dark(#945300, #eab464));
  --_shadow: var(--punctual-shadow, 0 1px 2px light-dark(rgb(29 28 26 / .06), rgb(0 0 0 / .4)), 0 12px 40px light-dark(rgb(29 28 26 / .16), rgb(0 0 0 / .55)));
  display: inline-block; position: relative; color: var(--_text); text-align: start;
  font: 400 14px/1.45 var(--punctual-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
button, a { font: inherit; color: inherit; }
button { background: none; border: 0; padding: 0; cursor: pointer; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.bell { position: relative; display: grid; place-items: center; width: 40px; height: 40px; border-radius: 10px; }
.bell:hover, .bell[aria-expanded="true"] { background: var(--_hover); }
.badge {
  position: absolute; inset-block-start: 1px; inset-inline-start: 21px; min-width: 18px; height: 18px; padding: 0 5px;
  border-radius: 9px; background: var(--punctual-badge, #c2321f); color: var(--punctual-on-badge, #fff);
  font-size: 11px; font-weight: 650; line-height: 18px; text-align: center; font-variant-numeric: tabular-nums;
  box-shadow: 0 0 0 2px var(--_surface);
}
.badge[hidden] { display: none; }
.bell.ring svg { animation: ring .7s ease-in-out; transform-origin: 50% 15%; }
@keyframes ring { 20% { rotate: 14deg; } 45% { rotate: -11deg; } 70% { rotate: 6deg; } 100% { rotate: 0deg; } }

.panel {
  position: absolute; inset-block-start: calc(100% + 8px); inset-inline-end: 0; z-index: 1000;
  width: min(400px, calc(100vw - 24px)); height: max-content; max-height: min(640px, calc(100vh - 96px));
  display: flex; flex-direction: column; overflow: hidden; background: var(--_surface);
  border: 1px solid var(--_line); border-radius: 14px; box-shadow: var(--_shadow); animation: rise .14s ease-out;
}
.panel[data-side="start"] { inset-inline: 0 auto; }
.panel[data-up="true"] { inset-block: auto calc(100% + 8px); }
[hidden] { display: none !important; }
@keyframes rise { from { opacity: 0; translate: 0 -6px; } }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0 2px; padding: 8px 8px 0; padding-inline-start: 16px; border-block-end: 1px solid var(--_line); }
h2 { margin: 0; margin-inline-end: auto; font-size: 16px; font-weight: 650; letter-spacing: -.01em; }
.tabs { display: flex; gap: 18px; flex: 1 0 100%; }
.tab { min-height: 38px; border-block-end: 2px solid transparent; color: var(--_muted); font-size: 13.5px; font-weight: 550; }
.tab:hover { color: var(--_text); }
.tab[aria-selected="true"] { color: var(--_text); border-color: var(--_accent); }
.tab:focus-visible { outline-offset: -3px; border-radius: 6px; }
.quietly { min-height: 34px; padding: 0 10px; border-radius: 8px; color: var(--_accent); font-size: 13px; font-weight: 550; }
.quietly:hover { background: var(--_hover); }
.quietly[aria-disabled="true"] { color: var(--_muted); cursor: default; background: none; }
.tool { display: grid; place-items: center; width: 34px; height: 34px; color: var(--_muted); border-radius: 8px; }
.tool:hover { background: var(--_hover); color: var(--_text); }
.tool svg { width: 18px; height: 18px; }
.note, .undo { display: flex; align-items: center; gap: 8px; padding: 8px 16px; background: var(--_hover); color: var(--_muted); font-size: 13px; }
.note svg { flex: none; width: 16px; height: 16px; }
.undo { padding-block: 5px; padding-inline-end: 8px; border-block-start: 1px solid var(--_line); color: var(--_text); }
.undo-text { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.undo .quietly:hover { background: color-mix(in srgb, var(--_accent) 14%, transparent); }
footer { border-block-start: 1px solid var(--_line); }
.see-all { display: block; padding: 11px 16px; color: var(--_accent); font-size: 13.5px; font-weight: 550; text-align: center; text-decoration: none; }
.see-all:hover { background: var(--_hover); }
.see-all:focus-visible { outline-offset: -3px; border-radius: 12px; }
.scroll { overflow-y: auto; overscroll-behavior: contain; flex: 1; min-height: 0; }
ul { list-style: none; margin: 0; padding: 0; }
li, .toast { position: relative; display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: start; }
li { border-block-end: 1px solid var(--_line); }
li:last-child { border-block-end: 0; }
li.unread { background: var(--_fresh); }
.open {
  min-width: 0; display: grid; gap: 2px; padding: 12px 0 13px; padding-inline: 16px 4px; text-align: start; text-decoration: none;
}
.open:focus-visible { outline-offset: -2px; border-radius: 6px; }
.title { font-weight: 500; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.title, .message { text-align: -webkit-match-parent; text-align: match-parent; }
.unread .title { font-weight: 650; }
.message { color: var(--_muted); overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.meta { display: flex; flex-wrap: wrap; align-items: center; gap: 3px 8px; margin-block-start: 3px; color: var(--_muted); font-size: 12.5px; }
.tag { padding: 0 7px; border-radius: 6px; font-size: 11.5px; font-weight: 600; line-height: 18px; border: 1px solid currentColor; }
.urgent .tag { background: var(--_alert); color: var(--_surface); border-color: var(--_alert); }
.high .tag { color: var(--_warn); }
.urgent::before, .toast.urgent::before {
  content: ""; position: absolute; inset-block: 0; inset-inline-start: 0; width: 3px; background: var(--_alert);
}
.act { color: var(--_accent); font-weight: 550; }
.take {
  grid-column: 1 / -1; justify-self: start; min-height: 32px; margin: -3px 16px 13px; padding: 0 13px; border-radius: 8px;
  border: 1px solid var(--_accent); color: var(--_accent); font-size: 13px; font-weight: 600;
}
.urgent .take { background: var(--_accent); color: var(--_on-accent); }
.take:hover { background: color-mix(in srgb, var(--_accent) 14%, transparent); }
.urgent .take:hover { background: color-mix(in srgb, var(--_accent) 86%, var(--_text)); }
.take[aria-disabled="true"] { opacity: .6; cursor: progress; }
.taken { display: inline-flex; align-items: center; gap: 3px; color: var(--_accent); font-weight: 550; }
.taken svg { width: 14px; height: 14px; }
.problem { grid-column: 1 / -1; margin: -3px 16px 13px; color: var(--_alert); font-size: 13px; }
.dot { display: grid; place-items: center; width: 36px; height: 36px; margin: 5px; margin-inline: 0 5px; border-radius: 8px; }
.dot:hover { background: color-mix(in srgb, var(--_accent) 14%, transparent); }
.dot::after { content: ""; width: 9px; height: 9px; border-radius: 50%; box-sizing: border-box; }
.unread .dot::after { background: var(--_accent); }
li:hover .dot::after, .dot:focus-visible::after { border: 1.5px solid var(--_accent); }
.tools {
  position: absolute; inset-block-end: 6px; inset-inline-end: 6px; display: flex; opacity: 0;
  background: var(--_surface); border: 1px solid var(--_line); border-radius: 9px;
}
li:hover .tools, .tools:focus-within, .tools:has([aria-expanded]) { opacity: 1; }
li .tool.more { display: none; grid-area: 2 / 2; width: 36px; height: 36px; margin-inline-end: 5px; }
.more svg { stroke-width: 3; }
@media (hover: hover) { li:hover { background: var(--_hover); } }
@media (hover: none) {
  .tools { display: none; }
  li .tool.more { display: grid; }
  li .open { grid-row: 1 / span 2; }
  .dot { margin-block-end: 0; }
}

.menu { position: fixed; inset: auto; margin: 0; width: 268px; max-width: calc(100vw - 16px); padding: 6px; z-index: 1200; display: none; }
.menu.shown {
  display: block; color: var(--_text); background: var(--_surface); border: 1px solid var(--_line); border-radius: 12px;
  box-shadow: var(--_shadow);
}
.menu-heading { margin: 4px 10px; color: var(--_muted); font-size: 12px; font-weight: 600; }
.menu-item { display: flex; justify-content: space-between; gap: 16px; width: 100%; padding: 8px 10px; border-radius: 8px; text-align: start; }
.menu-item + .menu-heading { margin-block-start: 6px; padding-block-start: 10px; border-block-start: 1px solid var(--_line); }
.menu-item:hover, .menu-item:focus-visible { background: var(--_hover); }
.menu-item:focus-visible { outline-offset: -2px; }
.hint { color: var(--_muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
.own { display: grid; gap: 8px; padding: 8px 10px; }
.own input { font: inherit; color: inherit; min-width: 0; padding: 7px 10px; border: 1px solid var(--_muted); border-radius: 8px; background: transparent; }
.own .take, .own .problem { margin: 0; }
.own .problem:empty { display: none; }
.state { display: grid; justify-items: center; gap: 6px; padding: 44px 28px 48px; color: var(--_muted); text-align: center; }
.state svg { width: 30px; height: 30px; opacity: .7; }
.state strong { color: var(--_text); font-weight: 600; }
.scroll > .more { display: block; width: 100%; padding: 13px; color: var(--_accent); font-weight: 550; border-block-start: 1px solid var(--_line); }
.scroll > .more:hover { background: var(--_hover); }
.bone { height: 12px; border-radius: 6px; background: var(--_line); animation: breathe 1.4s ease-in-out infinite; }
.bones { display: grid; gap: 9px; padding: 17px 16px; border-block-end: 1px solid var(--_line); }
.bones .bone:first-child { width: 62%; }
@keyframes breathe { 50% { opacity: .45; } }

.toasts {
  position: fixed; z-index: 1100; inset-block-end: 16px; inset-inline-end: 16px; width: min(380px, calc(100vw - 32px));
  display: grid; gap: 10px; pointer-events: none;
}
.toast {
  overflow: hidden; pointer-events: auto; background: var(--_surface);
  border: 1px solid var(--_line); border-radius: 12px; box-shadow: var(--_shadow); animation: arrive .22s ease-out;
}
.toast .title { font-weight: 650; }
.shut { display: grid; place-items: center; width: 34px; height: 34px; margin: 6px; color: var(--_muted); border-radius: 8px; }
.shut:hover { background: var(--_hover); }
.shut svg { width: 16px; height: 16px; }
@keyframes arrive { from { opacity: 0; translate: 0 10px; } }

/* Where a toast must lie over the page, it is one and short. */
@media (max-width: 1180px) {
  .toast:not(:last-child) { display: none; }
  .toast .message { -webkit-line-clamp: 1; }
}
@media (max-width: 520px) {
  .panel, .panel[data-up], .panel[data-side] {
    position: fixed; inset: auto 0 0 0; width: auto; max-height: 86vh; max-height: 86dvh;
    border-radius: 18px 18px 0 0; border-width: 1px 0 0; padding-block-end: env(safe-area-inset-bottom);
  }
  header .tool, header .quietly, .tab, .undo .quietly { min-height: 44px; }
  header .tool { width: 40px; }
  .menu { inset: auto 8px 8px 8px !important; width: auto; padding-block-end: calc(6px + env(safe-area-inset-bottom)); }
  .menu-item { padding-block: 12px; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
@media (forced-colors: active) {
  .unread .dot::after, .urgent::before { forced-color-adjust: none; background: Highlight; }
  .tab { border-color: Canvas; }
  .tab[aria-selected="true"] { border-color: Highlight; }
  .badge { border: 1px solid; }
}
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
