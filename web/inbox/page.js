/** The inbox: puts its parts together. */

import { shell } from "../pages/shell.js";
import { t } from "../pages/words.js";
import { icon } from "../pages/icons.js";
import { busy } from "/static/desk/api.js";
import { Acts } from "./acts.js";
import { Bulk } from "./bulk.js";
import { Filters } from "./filters.js";
import { Items } from "./items.js";
import { help, listenToKeys } from "./keys.js";
import { List } from "./list.js";
import { Selection } from "./selection.js";
import { askUntil } from "./snooze.js";
import { alarm, state } from "./states.js";

const NEAR_THE_TOP = 60;
const find = (id) => document.getElementById(id);

await shell("inbox", async ({ api, bell }) => {
  const filters = new Filters(find);
  const items = new Items(api);
  const acts = new Acts(api, items, { done: () => void catchUp(), back: (ids) => list.focus(ids.find((id) => list.has(id))) });
  const list = new List(find("items"), api);
  const selection = new Selection();
  const bulk = new Bulk(find, selection, items, acts);
  const shown = () => items.items.map(({ id }) => id);
  let older = null;
  let isLive = false;
  // After a failure the next try is the reader's.
  const ending = new IntersectionObserver(([seen]) => seen.isIntersecting && !items.problem && void loadOlder(), { rootMargin: "400px" });

  items.isBusy = () => scrollY > NEAR_THE_TOP || selection.ids.size > 0 || items.open !== null || list.current !== null;

  function draw() {
    selection.keep(shown());
    list.draw(items, selection.ids);
    bulk.draw(filters.value.status);
    filters.count(items.unread);
    find("items").setAttribute("aria-busy", String(items.status === "loading"));
    const now = state(items, { again: () => void items.refresh(), widen: () => filters.widen(), isNarrow: filters.isNarrow });
    find("state").replaceChildren(...(now ? [now] : []));
    alarm(find("alert"), items.items.length ? items.problem : "", () => void tryAgain());
    find("fresh").hidden = !items.fresh.length;
    find("fresh").replaceChildren(icon("up"), t("inbox.fresh", { n: items.fresh.length }));
    find("more").hidden = !items.cursor;
    const mayBeUnread = items.items.some((item) => !item.read_at) || (items.cursor && filters.value.status !== "read");
    find("read-all").setAttribute("aria-disabled", String(!mayBeUnread));
  }

  function say() {
    const n = items.items.length;
    find("summary").textContent = items.status !== "ready" ? "" : n ? t(items.cursor ? "inbox.shown_first" : "inbox.shown", { n }) : t("nothing.found");
  }

  async function show() {
    selection.clear();
    await items.show(filters.value);
    say();
  }

  function open(item) {
    const closes = items.open === item.id;
    items.unfold(closes ? null : item.id);
    if (!closes && !item.read_at) void acts.read(item, true);
  }

  const does = {
    open,
    select: (item, event) => selection.toggle(item.id, { shown: shown(), isRange: Boolean(event?.shiftKey) }),
    read: (item) => void acts.read(item),
    archive: (item) => void acts.archive(item),
    snooze: (item) => askUntil(item.title, (until) => acts.snooze(item, until)),
    wake: (item) => void acts.wake(item),
    take: (item) => void acts.acknowledge(item),
    delete: (item) => void acts.remove(item),
    follow: (item) => acts.follow(item),
  };
  const withCurrent = (act) => (event) => list.current && does[act](list.current, event);

  /** Looks again: the list may still end above the fold. */
  function watchEnd() {
    ending.unobserve(find("more"));
    ending.observe(find("more"));
  }

  async function loadOlder() {
    older ??= items.more().finally(() => {
      older = null;
      watchEnd();
    });
    return older;
  }

  /** By hand: the focus goes on to the first of those that were added. */
  async function showOlder() {
    const before = items.items.length;
    await loadOlder();
    const next = items.items[before];
    if (next) list.focus(next.id);
  }

  async function tryAgain() {
    await items.refresh();
    if (!items.problem) find("items").closest("main").focus({ preventScroll: true });
    watchEnd();
  }

  /** Without live frames nobody else tells what an act has changed. */
  async function catchUp() {
    if (!isLive) await Promise.all([items.refresh(), bell.refresh()]);
  }

  async function readAll() {
    if (find("read-all").ariaDisabled !== "true") await busy(find("read-all"), () => acts.readAll(filters.value));
    draw();
  }

  function takeFresh() {
    const [newest] = items.fresh;
    items.takeFresh();
    scrollTo({ top: 0 });
    list.focus(newest.id);
  }

  items.addEventListener("change", draw);
  selection.addEventListener("change", draw);
  filters.addEventListener("change", () => void show());
  list.addEventListener("act", ({ detail: { act, item, event } }) => does[act](item, event));
  find("fresh").addEventListener("click", takeFresh);
  // Back at the top there is no place to lose.
  addEventListener("scroll", () => items.fresh.length && !items.isBusy() && items.takeFresh(), { passive: true });
  find("more").addEventListener("click", ({ currentTarget }) => void busy(currentTarget, showOlder));
  find("read-all").addEventListener("click", () => void readAll());
  find("delete-read").addEventListener("click", () => void acts.removeRead());
  find("help").addEventListener("click", help);
  ending.observe(find("more"));
  bell.addEventListener("frame", ({ detail }) => items.hear(detail));
  bell.addEventListener("connection", ({ detail: { state } }) => {
    isLive = state === "live";
    if (isLive && items.status === "error") void items.refresh();
  });
  // Behind a proxy without sockets the bell reads now and then: then the list does as well.
  bell.addEventListener("unread-count", ({ detail: { count } }) => !isLive && count !== items.unread && void items.refresh());
  listenToKeys({
    j: () => list.move(1), k: () => list.move(-1), ArrowDown: () => list.move(1), ArrowUp: () => list.move(-1),
    x: withCurrent("select"), e: withCurrent("archive"), r: withCurrent("read"), Delete: withCurrent("delete"),
    s: (event) => list.current && does[list.current.snoozed_until ? "wake" : "snooze"](list.current, event),
    "/": () => find("q").focus(), "?": help,
    Escape: () => (selection.ids.size ? selection.clear() : items.open && items.unfold(null)),
  });
  await show();
});
