/** "Push not received?": looks at everything between the server and the reader, one after the other. */

import { h } from "/bell/dom.js";
import { busy } from "/static/desk/api.js";
import { icon } from "../pages/icons.js";
import { isOf, obstacle, publicKey, registration, subscription, tell } from "../pages/push.js";
import { explain, has, name, t } from "../pages/words.js";
import { freedom, muted, ofChannel } from "./levels.js";
import { sendTest } from "./push-test.js";
import { isQuiet, ownZone } from "./quiet.js";

const CHANNEL = "web_push";
/** How a test stands, as the list says it. */
const SHOWN = { sent: "good", deferred: "hint", trying: "hint", withheld: "bad", failed: "bad" };
const ICONS = { good: "check", bad: "cross", hint: "info" };

/** In the words for a push, or those for any channel. */
const why = (reason) => name(has("reason", reason) ? "reason" : "why", reason);

/** Whether the server has what this browser holds: telling it again answers the id by which it lists it. */
async function isKnown(api, found) {
  const id = await tell(api, found);
  const { items } = await api.get("/v1/push/subscriptions");
  return items.some((one) => one.id === id);
}

/** The checks in order: `[key, look]`, where `look` says whether all is well. What follows a failure is not looked at. */
function checks(api) {
  let key = null;
  let found = null;
  return [
    ["secure", () => isSecureContext],
    [obstacle() === "install" ? "install" : "browser", () => !["install", "unsupported"].includes(obstacle())],
    ["permission", () => Notification.permission === "granted"],
    ["server", async () => Boolean((key = await publicKey(api)))],
    ["worker", async () => Boolean((await registration())?.active)],
    ["subscription", async () => Boolean((found = await subscription()))],
    ["key", () => isOf(found, key)],
    ["known", () => isKnown(api, found)],
  ];
}

/** What is muted, by names: whole categories, and types of the others. */
function namesOf(kept, open) {
  const byCategory = Map.groupBy(kept, ({ category }) => category);
  const names = [...byCategory].flatMap(([category, some]) => {
    const isWhole = some.length === open.filter((one) => one.category === category).length;
    return isWhole ? [name("category", category)] : some.map(({ type }) => `${name("category", category)}: ${name("type", type)}`);
  });
  return names.sort((a, b) => a.localeCompare(b)).join("; ");
}

/** What of the reader's own choices keeps a push away or late: `[outcome, key, values]`. */
function choices(preferences, notices, home) {
  const { quiet_hours: quiet } = preferences;
  const open = notices.filter((notice) => freedom(CHANNEL, notice) === "open");
  const kept = muted(preferences, CHANNEL, notices);
  const found = [[kept.length === open.length ? "bad" : "good", "muted"]];
  if (kept.length && kept.length < open.length) found[0] = ["hint", "partly", { what: namesOf(kept, open) }];
  if (ofChannel(preferences, CHANNEL) === "important") found.push(["hint", "important"]);
  found.push([isQuiet(quiet, quiet.timezone ?? home ?? ownZone(), new Date()) ? "hint" : "good", "quiet"]);
  return found;
}

function line(outcome, key, values) {
  const says = outcome === "good" ? "good" : "bad";
  return h(
    "li",
    { class: outcome, data: { check: key } },
    icon(ICONS[outcome]),
    h("div", {}, h("strong", {}, h("span", { class: "quiet" }, `${t(`diagnosis.${outcome}`)}: `), t(`check.${key}.${says}`, values)), outcome !== "good" && h("p", { class: "muted" }, t(`check.${key}.next`, values))),
  );
}

/**
 * @param {(id: string) => HTMLElement} find
 * @param {{me: object, draft: Draft, notices: object[], home: () => string|null}} known the reader and their choices, the
 * catalogue, and the reader's own zone, where it is known
 */
export function diagnosis(find, api, { me, draft, notices, home }) {
  const show = (outcome, key, values) => find("diagnosis").append(line(outcome, key, values));

  /** What it came to: `fine`, `found` where something stands in the way, `open` where the test is not on its way yet. */
  async function look() {
    for (const [key, isWell] of checks(api)) {
      const good = await isWell();
      show(good ? "good" : "bad", key);
      if (!good) return "found";
    }
    const own = choices(draft.value, notices, home());
    for (const one of own) show(...one);
    if (own.some(([outcome]) => outcome === "bad")) return "found";
    return test();
  }

  async function test() {
    show("hint", "sending");
    const { stands, reason } = await sendTest(api, me.sub).finally(() => find("diagnosis").lastChild.remove());
    show(SHOWN[stands], stands, { why: reason ? why(reason) : "" });
    if (stands === "sent") show("hint", "arrived");
    return { good: "fine", hint: "open", bad: "found" }[SHOWN[stands]];
  }

  async function run() {
    find("diagnosis").replaceChildren();
    find("diagnosis-result").hidden = true;
    let result;
    try {
      result = t(`diagnosis.${await look()}`);
    } catch (error) {
      result = explain(error);
    }
    find("diagnosis-result").textContent = result;
    find("diagnosis-result").hidden = false;
  }

  find("diagnose").addEventListener("click", ({ currentTarget }) => void busy(currentTarget, run));
}
