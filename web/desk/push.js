/** Web Push for this browser, in the desk's words: on, off, and why it cannot be. */

import { Push } from "../pages/push.js";
import { busy } from "./api.js";

const WORDS = {
  insecure: "Browsers allow push on https pages (and on localhost) only. Open this page over https.",
  install: "On an iPhone or iPad push needs the installed app: tap Share, then “Add to Home Screen”, and open Punctual from there.",
  unsupported: "This browser has no push.",
  denied: "Notifications are blocked for this page. Allow them in the browser's site settings, then reload.",
  keyless: "The server has no push keys (VAPID). “punctual keys vapid” makes them.",
  off: "Reminders can reach you when this page is closed. Your browser will ask you first.",
  stale: "Push was on here, but the browser has dropped it. Enable it once more.",
  undecided: "You have not decided yet. Push stays off.",
  on: "Push is on for this device.",
  disabled: "Push is off for this device.",
};
const IMPOSSIBLE = ["insecure", "install", "unsupported", "denied", "keyless"];

export async function pushControl(api, root) {
  const push = new Push(api);
  const part = (name) => root.querySelector(`#push-${name}`);

  function draw(state) {
    const hadFocus = ["push-on", "push-off"].includes(document.activeElement.id);
    part("state").textContent = WORDS[state];
    part("on").hidden = state === "on";
    part("on").disabled = IMPOSSIBLE.includes(state);
    part("off").hidden = state !== "on";
    const next = state === "on" ? "off" : part("on").disabled ? "state" : "on";
    if (hadFocus) part(next).focus();
  }

  async function attempt(work) {
    part("error").textContent = "";
    try {
      draw(await work());
    } catch (error) {
      const text = error.name === "AbortError" ? "The browser could not reach its push service." : error.message;
      part("error").textContent = text;
    }
  }

  part("state").tabIndex = -1;
  const does = { on: () => push.enable(), off: () => push.disable() };
  for (const [name, work] of Object.entries(does)) {
    part(name).addEventListener("click", ({ currentTarget }) => void attempt(() => busy(currentTarget, work)));
  }
  push.addEventListener("change", ({ detail }) => draw(detail));
  await attempt(() => push.look());
}
