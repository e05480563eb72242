/** Web Push of this browser: what stands in its way, on, and off. */

const bytes = (text) => {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
};

const PATIENCE = 3_000;

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

/** The server's public key, or null where it has none. */
export async function publicKey(api) {
  const answer = await api.get("/v1/push/public-key").catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  return answer?.public_key ?? null;
}

/** Takes push away from this browser, for a log-out: no longer than three seconds, and whatever becomes of it. */
export async function release(api) {
  const undo = async () => {
    const found = await subscription();
    if (found) await Promise.allSettled([api.post("/v1/push/unsubscribe", { endpoint: found.endpoint }), found.unsubscribe()]);
  };
  await Promise.race([undo().catch(() => {}), new Promise((late) => setTimeout(late, PATIENCE))]);
}

export class Push {
  #api;
  /** The id that the server knows this browser by, while push is on. */
  id = null;

  constructor(api) {
    this.#api = api;
  }

  /** How it stands: an obstacle, `keyless` (of the server), `off`, `stale` (made with another key, and undone), `on`. */
  async look() {
    this.id = null;
    const reason = obstacle();
    if (reason) return reason;
    const key = await publicKey(this.#api);
    if (!key) return "keyless";
    const found = await subscription();
    if (!found) return "off";
    if (!isOf(found, key)) {
      await found.unsubscribe();
      return "stale";
    }
    // Servers forget: what this browser holds is told again on every visit.
    await this.#tell(found);
    return "on";
  }

  /** Asks the reader and subscribes: `on`, `undecided`, `keyless` or an obstacle. */
  async enable() {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return permission === "denied" ? "denied" : "undecided";
    const key = await publicKey(this.#api);
    if (!key) return "keyless";
    await navigator.serviceWorker.register("/sw.js", { scope: "/", type: "classic" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const older = await pushManager.getSubscription();
    if (older && !isOf(older, key)) await older.unsubscribe();
    const found = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
    try {
      await this.#tell(found);
    } catch (error) {
      await found.unsubscribe();
      throw error;
    }
    return "on";
  }

  async disable() {
    const found = await subscription();
    if (found) {
      await this.#api.post("/v1/push/unsubscribe", { endpoint: found.endpoint });
      await found.unsubscribe();
    }
    this.id = null;
    return "disabled";
  }

  async #tell(found) {
    this.id = (await this.#api.post("/v1/push/subscriptions", found.toJSON())).id;
  }
}
