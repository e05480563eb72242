/** The frame of a page: the log-in, the bar at the top, and the banner when the network is away. */

import { t, translate } from "./words.js";
import "/bell.js";
import "./worker.js";
import { h } from "/bell/dom.js";
import { Api, busy } from "/static/desk/api.js";
import { expire, logOut, takeToken } from "/static/desk/session.js";
import { confirmed } from "./dialogs.js";
import { icon } from "./icons.js";
import { languages } from "./languages.js";
import { logIn } from "./login.js";
import { Push, release } from "./push.js";

const PAGES = [["/", "desk"], ["/inbox", "inbox"], ["/preferences", "preferences"], ["/outbox", "outbox"]];
const FOR_ADMINS = "outbox";

function links(page, role) {
  const seen = PAGES.filter(([, name]) => role === "admin" || name !== FOR_ADMINS);
  const link = ([path, name]) => h("a", { href: path, "aria-current": name === page ? "page" : null }, t(`page.${name}`));
  return h("nav", { "aria-label": t("pages") }, ...seen.map(link), languages());
}

const nameOf = ({ sub, tenant }) => `${sub} · ${tenant}`;

function who(me, leave) {
  const title = nameOf(me);
  return h(
    "div",
    { class: "who" },
    h("span", { class: "avatar", "aria-hidden": "true", title }, me.sub.charAt(0).toUpperCase()),
    h("span", { id: "user", class: "who-name" }, title),
    h("button", { id: "logout", class: "ghost", type: "button", on: { click: ({ currentTarget }) => void busy(currentTarget, leave) } }, t("logout")),
  );
}

/** Whether a link may log in as somebody else. */
function mayBecome(from, to) {
  return confirmed({ heading: t("switch.title"), text: t("switch.text", { from: nameOf(from), to: nameOf(to) }), yes: t("switch.yes") });
}

/** The state of the connection, in the bar and as a banner while there is none. */
function connection(bell) {
  const chip = h("span", { id: "connection", class: "connection", role: "status", data: { state: "connecting" } }, h("span", {}, t("connection.connecting")));
  const banner = h("div", { id: "banner", class: "banner", role: "status", hidden: true });
  bell.addEventListener("connection", ({ detail: { state } }) => {
    chip.dataset.state = state;
    chip.firstChild.textContent = t(`connection.${state}`);
    if (state === "live") banner.hidden = true;
    if (state !== "offline") return;
    banner.hidden = false;
    banner.replaceChildren(icon("alert"), t(navigator.onLine ? "banner.server" : "banner.offline"));
  });
  return { chip, banner };
}

/**
 * Draws the frame and starts the page in it, or asks for a log-in.
 * @param {string} page its name
 * @param {(ours: {api: Api, me: object, bell: HTMLElement, push: Push, mayLeave: () => Promise<boolean>}) => Promise<void>} start
 * may put its own `mayLeave`, which is asked before a log-out
 */
export async function shell(page, start) {
  const { token, me, problem } = await takeToken(mayBecome);
  if (!me) {
    logIn(problem ? t(`login.${problem}`) : "");
    return;
  }
  const api = new Api(token);
  const bell = h("notification-bell", { "title-badge": true });
  const ours = { api, me, bell, push: new Push(api), mayLeave: async () => true };
  const leave = async () => {
    if (!(await ours.mayLeave())) return;
    await release(api);
    logOut(location.pathname);
  };
  api.addEventListener("unauthorized", expire, { once: true });
  const { chip, banner } = connection(bell);
  const brand = h("a", { class: "brand", href: "/" }, h("img", { src: "/static/icons/icon.svg", width: "28", height: "28", alt: "" }), h("span", {}, "Punctual"));
  const bar = h("header", { class: "top" }, brand, chip, links(page, me.role), bell, who(me, leave));
  translate(document);
  document.title = `${t(`page.${page}`)} · Punctual`;
  const main = document.querySelector("main");
  main.before(bar, banner);
  main.hidden = false;
  // The page listens before the bell says anything.
  const started = start(ours);
  bell.setAttribute("token", token);
  await started;
  await ours.push.keep();
}
