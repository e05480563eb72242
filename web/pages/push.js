/** Web Push of this browser: what stands in its way, on, off, and put right when it has come apart. */

import { KEPT, clear, isAnothers } from "/bell/pushed.js";
import { read, write } from "/static/desk/storage.js";

const PATH = "/v1/push/subscriptions";
/** The worker's word for a subscription that the browser has changed. */
const CHANGED = "push-subscription-changed";
const PATIENCE = 3_000;

const bytes = (text) => {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
};

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer ?? []))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const isApple = () => /iPad|iPhone|iPod/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

/** Why push cannot work in this browser as it now is: `insecure`, `install` (Apple's phones), `unsupported`, `denied`; or null. */
export function obstacle() {
  if (!isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return isApple() ? "install" : "unsupported";
  return Notification.permission === "denied" ? "denied" : null;
}

export const registration = () => navigator.serviceWorker.getRegistration("/");

/** What this browser is subscribed with, or null. */
export async function subscription() {
  return (await (await registration())?.pushManager.getSubscription()) ?? null;
}

/** Whether a subscription was made with the server's key. */
export function isOf(subscription, key) {
  const have = new Uint8Array(subscription.options.applicationServerKey ?? []);
  const wanted = bytes(key);
  return have.length === wanted.length && have.every((byte, n) => byte === wanted[n]);
}

async function subscribe(key) {
  await navigator.serviceWorker.register("/sw.js", { scope: "/", type: "classic" });
  const { pushManager } = await navigator.serviceWorker.ready;
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
}

/** The server's public key, or null where it has none. */
export async function publicKey(api) {
  const answer = await api.get("/v1/push/public-key").catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  return answer?.public_key ?? null;
}

/** Tells the server what this browser is subscribed with, and by which of its keys; the id that it is known by there. */
export async function tell(api, found) {
  const body = { ...found.toJSON(), applicationServerKey: text(found.options.applicationServerKey) };
  return (await api.post(PATH, body)).id;
}

const unsubscribed = (api, { endpoint }) => api.post("/v1/push/unsubscribe", { endpoint });

/** The look that this page is taking: what it brings about must not outlive a log-out. */
let looking = null;

/**
 * Takes push away from this browser, with all it shows, for a log-out: no longer than three seconds, and whatever
 * becomes of it. What is another user's stays.
 */
export async function release(api) {
  if (isAnothers(api.owner)) return;
  navigator.clearAppBadge?.().catch(() => {});
  const undo = async () => {
    const found = await subscription();
    await Promise.allSettled([clear(), found && unsubscribed(api, found), found?.unsubscribe()]);
  };
  const all = Promise.allSettled([undo(), looking?.then(undo, undo)]);
  await Promise.race([all, new Promise((late) => setTimeout(late, PATIENCE))]);
  write("localStorage", KEPT, null);
}

/**
 * This browser's push: what is at odds between it and the server is put right whenever it is looked at. Fires `change`
 * (detail: how it stands) when the browser has changed the subscription by itself.
 */
export class Push extends EventTarget {
  #api;
  #hasLooked = false;
  /** The id that the server knows this browser by, while push is on. */
  id = null;

  constructor(api) {
    super();
    this.#api = api;
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data === CHANGED && void this.#changed());
  }

  /** Looks where nobody has looked yet and the reader has allowed notifications: no one waits for what comes of it. */
  async keep() {
    const isAllowed = !obstacle() && Notification.permission === "granted";
    if (isAllowed && !this.#hasLooked) await this.look().catch(() => {});
  }

  /**
   * How it stands: an obstacle, `keyless` (of the server), `off`, `on`; `stale`, where push was on and the browser
   * does not let it be turned on again without the reader. Calls that meet share one look.
   */
  look() {
    this.#hasLooked = true;
    looking ??= this.#look().finally(() => (looking = null));
    return looking;
  }

  async #look() {
    this.id = null;
    const reason = obstacle();
    if (reason) return reason;
    const key = await publicKey(this.#api);
    if (!key) return "keyless";
    const found = await subscription();
    const wasAnothers = isAnothers(this.#api.owner);
    if (found && isOf(found, key) && !wasAnothers) return this.#on(found);
    // What is shown, and what is on its way to the endpoint of before, is not for this reader.
    if (wasAnothers) {
      await clear();
      write("localStorage", KEPT, null);
    }
    // Some browsers drop a subscription in silence. Nobody is asked for a permission here.
    const wasOn = found || read("localStorage", KEPT);
    return wasOn && Notification.permission === "granted" ? this.#renew(found, key) : "off";
  }

  /** Asks the reader and subscribes: `on`, `undecided`, `keyless` or an obstacle. */
  async enable() {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return permission === "denied" ? "denied" : "undecided";
    const key = await publicKey(this.#api);
    if (!key) return "keyless";
    const older = await subscription();
    if (older && !isOf(older, key)) await older.unsubscribe();
    const found = await subscribe(key);
    try {
      return await this.#on(found);
    } catch (error) {
      await found.unsubscribe();
      throw error;
    }
  }

  async disable() {
    write("localStorage", KEPT, null);
    const found = await subscription();
    if (found) {
      await unsubscribed(this.#api, found);
      await found.unsubscribe();
    }
    this.id = null;
    return "disabled";
  }

  /** Subscribes with the server's first key in the place of `older`, which the server pushes to until it has the new one. */
  async #renew(older, key) {
    this.#keep();
    await older?.unsubscribe();
    let found;
    try {
      found = await subscribe(key);
    } catch (error) {
      if (error.name !== "NotAllowedError") throw error;
      return "stale";
    }
    const state = await this.#on(found);
    // Its push service would say so too, at the next push.
    if (older) await unsubscribed(this.#api, older).catch(() => {});
    return state;
  }

  /** Servers forget: what this browser holds is told again on every visit. */
  async #on(found) {
    this.#keep();
    this.id = await tell(this.#api, found);
    return "on";
  }

  /** Notes whom the pushes are for: for when the browser loses its subscription, or somebody else logs in. */
  #keep() {
    write("localStorage", KEPT, this.#api.owner);
  }

  async #changed() {
    if (isAnothers(this.#api.owner)) return;
    // What is being looked at may be what was there before.
    await looking?.catch(() => {});
    const state = await this.look().catch(() => null);
    if (state) this.dispatchEvent(new CustomEvent("change", { detail: state }));
  }
}
