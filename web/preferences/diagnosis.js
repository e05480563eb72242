/** "Push not received?": looks at everything between the server and the reader, one after the other. */

import { h } from "/bell/dom.js";
import { busy } from "/static/desk/api.js";
import { icon } from "../pages/icons.js";
import { isOf, obstacle, publicKey, registration, subscription } from "../pages/push.js";
import { explain, t } from "../pages/words.js";
import { ofChannel } from "./levels.js";
import { isQuiet, ownZone } from "./quiet.js";

const CHANNEL = "web_push";
const ICONS = { good: "check", bad: "cross", hint: "info" };

/** Whether the server has what this browser holds: telling it again answers the id by which it lists it. */
async function isKnown(api, found) {
  const { id } = await api.post("/v1/push/subscriptions", found.toJSON());
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

/** What of the reader's own choices keeps a push away or late. */
function choices(preferences, home) {
  const { quiet_hours: quiet } = preferences;
  const muted = ofChannel(preferences, CHANNEL) === "nothing";
  const quietNow = isQuiet(quiet, quiet.timezone ?? home ?? ownZone(), new Date());
  return [[muted ? "bad" : "good", "muted"], [quietNow ? "hint" : "good", "quiet"]];
}

function line(outcome, key) {
  const says = outcome === "good" ? "good" : "bad";
  return h(
    "li",
    { class: outcome, data: { check: key } },
    icon(ICONS[outcome]),
    h("div", {}, h("strong", {}, h("span", { class: "quiet" }, `${t(`diagnosis.${outcome}`)}: `), t(`check.${key}.${says}`)), outcome !== "good" && h("p", { class: "muted" }, t(`check.${key}.next`))),
  );
}

/**
 * @param {(id: string) => HTMLElement} find
 * @param {Draft} draft
 * @param {() => string|null} home the reader's own zone, where it is known
 */
export function diagnosis(find, api, draft, home) {
  const show = (outcome, key) => find("diagnosis").append(line(outcome, key));

  /** True when nothing stands in the way. */
  async function look() {
    for (const [key, isWell] of checks(api)) {
      const good = await isWell();
      show(good ? "good" : "bad", key);
      if (!good) return false;
    }
    const own = choices(draft.value, home());
    for (const [outcome, key] of own) show(outcome, key);
    if (own.some(([outcome]) => outcome === "bad")) return false;
    // A server that cannot send tests has no such path: then this step is left out.
    const sent = await api.post("/v1/push/test", {}).catch((error) => error);
    if (sent?.status !== 404) show(sent instanceof Error ? "bad" : "good", "test");
    show("hint", "focus");
    return !(sent instanceof Error) || sent.status === 404;
  }

  async function run() {
    find("diagnosis").replaceChildren();
    find("diagnosis-result").hidden = true;
    let result;
    try {
      result = t((await look()) ? "diagnosis.fine" : "diagnosis.found");
    } catch (error) {
      result = explain(error);
    }
    find("diagnosis-result").textContent = result;
    find("diagnosis-result").hidden = false;
  }

  find("diagnose").addEventListener("click", ({ currentTarget }) => void busy(currentTarget, run));
}
