/** Web Push for this browser: on, off, and in words why it cannot be. */

import { busy } from "./api.js";

const key = (text) => {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
};

const isApple = () => /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

/** Why push cannot work in this browser as it now is, or null. */
function obstacle() {
  if (!isSecureContext) return "Browsers allow push on https pages (and on localhost) only. Open this page over https.";
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    return isApple()
      ? "On an iPhone or iPad push needs the installed app: tap Share, then “Add to Home Screen”, and open Punctual from there."
      : "This browser has no push.";
  }
  if (Notification.permission === "denied") return "Notifications are blocked for this page. Allow them in the browser's site settings, then reload.";
  return null;
}

function sameKey(subscription, wanted) {
  const have = new Uint8Array(subscription.options.applicationServerKey ?? []);
  return have.length === wanted.length && have.every((byte, n) => byte === wanted[n]);
}

export async function pushControl(api, root) {
  const part = (name) => root.querySelector(`#push-${name}`);
  let publicKey = null;

  function draw(state, { on = false, possible = true } = {}) {
    part("state").textContent = state;
    part("on").hidden = on;
    part("on").disabled = !possible;
    part("off").hidden = !on;
  }

  async function current() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    return (await registration?.pushManager.getSubscription()) ?? null;
  }

  async function look() {
    const reason = obstacle();
    if (reason) return draw(reason, { possible: false });
    const answer = await api.get("/v1/push/public-key").catch((error) => error);
    publicKey = answer?.public_key ?? null;
    if (!publicKey) return draw("The server has no push keys (VAPID). “punctual keys vapid” makes them.", { possible: false });
    const subscription = await current();
    if (!subscription) return draw("Reminders can reach you when this page is closed. Your browser will ask you first.");
    // Keys change and servers forget: what this browser holds is told again on every visit.
    if (!sameKey(subscription, key(publicKey))) {
      await subscription.unsubscribe();
      return draw("The server's push key has changed. Enable push once more.");
    }
    await api.post("/v1/push/subscriptions", subscription.toJSON());
    return draw("Push is on for this device.", { on: true });
  }

  async function enable() {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") {
      return permission === "denied" ? look() : draw("You have not decided yet. Push stays off.");
    }
    await navigator.serviceWorker.register("/sw.js", { scope: "/", type: "classic" });
    const registration = await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: key(publicKey) };
    const subscription = await registration.pushManager.subscribe(options);
    try {
      await api.post("/v1/push/subscriptions", subscription.toJSON());
    } catch (error) {
      await subscription.unsubscribe();
      throw error;
    }
    return draw("Push is on for this device.", { on: true });
  }

  async function disable() {
    const subscription = await current();
    if (subscription) {
      await api.post("/v1/push/unsubscribe", { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
    }
    return draw("Push is off for this device.");
  }

  async function attempt(work) {
    part("error").textContent = "";
    try {
      await work();
    } catch (error) {
      const text = error.name === "AbortError" ? "The browser could not reach its push service." : error.message;
      part("error").textContent = text;
    }
  }

  const does = { on: enable, off: disable };
  for (const [name, work] of Object.entries(does)) {
    part(name).addEventListener("click", ({ currentTarget }) => void attempt(() => busy(currentTarget, work)));
  }
  await attempt(look);
}
