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
import { state } from "./states.js";

const NEAR_THE_TOP = 60;
const find = (id) => document.getElementById(id);

await shell("inbox", async ({ api, bell }) => {
  const filters = new Filters(find);
  const items = new Items(api);
  const acts = new Acts(api, items);
  const list = new List(find("items"));
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
    find("alert").hidden = !(items.problem && items.items.length);
    find("alert").textContent = items.problem;
    find("fresh").hidden = !items.fresh.length;
    find("fresh").replaceChildren(icon("up"), t("inbox.fresh", { n: items.fresh.length }));
    find("more").hidden = !items.cursor;
    find("read-all").disabled = !items.unread;
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
    follow: (item) => item.read_at || void acts.read(item, true),
  };
  const withCurrent = (act) => (event) => list.current && does[act](list.current, event);

  async function loadOlder() {
    older ??= items.more().finally(() => {
      older = null;
      // Looks again: the list may still end above the fold.
      ending.unobserve(find("more"));
      ending.observe(find("more"));
    });
    return older;
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
  find("more").addEventListener("click", ({ currentTarget }) => void busy(currentTarget, loadOlder));
  find("read-all").addEventListener("click", ({ currentTarget }) => void busy(currentTarget, () => acts.readAll(filters.value.category)));
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
