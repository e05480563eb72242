/** One WebSocket that comes back by itself: exponential back-off with full jitter, a ping against silent deaths. */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const READY_WITHIN = 15_000;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;
const UNAUTHORIZED = 4401;

/**
 * Fires `frame` (detail: the decoded frame), `state` (detail: `connecting`, `live`, `offline` or `unauthorized`) and
 * `missed` after every connection that was lost or did not come about. While it tries again it stays `offline`.
 * When a token is refused, a fresh one is asked for once; then it is `unauthorized` until it is opened again, and
 * even then it does not connect with a token that was refused.
 */
export class LiveSocket extends EventTarget {
  #url;
  #token;
  #socket = null;
  #timer = 0;
  #pinger = 0;
  #failures = 0;
  #wanted = false;
  #connecting = false;
  #isLost = false;
  #used = null;
  #refused = null;
  state = "offline";

  /**
   * @param {string} url ws: or wss: address
   * @param {(how?: {fresh: boolean}) => Promise<string|null>} token asked before every connection
   */
  constructor(url, token) {
    super();
    this.#url = url;
    this.#token = token;
  }

  open() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    this.#isLost = false;
    if (this.state === "unauthorized") this.state = "offline";
    addEventListener("online", this.retry);
    addEventListener("offline", this.#drop);
    document.addEventListener("visibilitychange", this.#look);
    void this.#connect();
  }

  close() {
    this.#stop();
    this.#set("offline");
  }

  #stop() {
    this.#wanted = false;
    removeEventListener("online", this.retry);
    removeEventListener("offline", this.#drop);
    document.removeEventListener("visibilitychange", this.#look);
    this.#forget();
  }

  /** Does not wait any longer for the next try. */
  retry = () => {
    if (!this.#wanted || this.#socket) return;
    this.#failures = 0;
    void this.#connect();
  };

  #drop = () => {
    if (this.#wanted) this.#lost();
  };

  /** A page that is seen again may have slept: it connects at once, or asks whether the connection still lives. */
  #look = () => {
    if (document.hidden) return;
    if (this.#socket && this.state === "live") this.#ping();
    else this.retry();
  };

  async #connect() {
    if (this.#connecting) return;
    this.#connecting = true;
    clearTimeout(this.#timer);
    const token = await Promise.resolve(this.#token(this.#refused ? { fresh: true } : undefined)).catch(() => null);
    this.#connecting = false;
    if (!this.#wanted || this.#socket) return;
    if (!token || token === this.#refused) {
      this.#stop();
      this.#set("unauthorized");
      return;
    }
    if (!this.#isLost) this.#set("connecting");
    this.#used = token;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(), READY_WITHIN);
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token }));
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#lost(code);
    };
  }

  #hear(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    clearTimeout(this.#timer);
    if (frame.type === "ready") {
      this.#failures = 0;
      this.#isLost = false;
      this.#refused = null;
      this.#pinger = setInterval(this.#ping, PING_EVERY);
      this.#set("live");
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  /** Any frame that comes in time is an answer. */
  #ping = () => {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: "ping" }));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lost(), PONG_WITHIN);
  };

  #lost(code) {
    this.#forget();
    if (code === UNAUTHORIZED) {
      const again = this.#refused !== null;
      this.#refused = this.#used;
      if (again) {
        this.#stop();
        this.#set("unauthorized");
      } else {
        this.#set("connecting");
        void this.#connect();
      }
      return;
    }
    this.#isLost = true;
    this.#set("offline");
    this.dispatchEvent(new Event("missed"));
    this.#failures += 1;
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    this.#timer = setTimeout(() => void this.#connect(), Math.random() * most);
  }

  #forget() {
    clearTimeout(this.#timer);
    clearInterval(this.#pinger);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      if (socket.readyState <= WebSocket.OPEN) socket.close();
    }
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
