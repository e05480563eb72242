/** One WebSocket that comes back by itself: exponential backoff with jitter, a ping against silent deaths. */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;

/**
 * Fires `frame` (detail: the decoded frame) and `state` (detail: `connecting`, `live`, `offline` or `unauthorized`).
 */
export class LiveSocket extends EventTarget {
  #url;
  #token;
  #socket = null;
  #timer = 0;
  #pinger = 0;
  #failures = 0;
  #closed = true;
  state = "offline";

  /**
   * @param {string} url ws: or wss: address
   * @param {() => Promise<string|null>} token asked before every connection
   */
  constructor(url, token) {
    super();
    this.#url = url;
    this.#token = token;
  }

  open() {
    if (!this.#closed) return;
    this.#closed = false;
    this.#failures = 0;
    addEventListener("online", this.#retryNow);
    addEventListener("offline", this.#drop);
    void this.#connect();
  }

  close() {
    this.#closed = true;
    removeEventListener("online", this.#retryNow);
    removeEventListener("offline", this.#drop);
    clearTimeout(this.#timer);
    this.#forget();
    this.#set("offline");
  }

  #retryNow = () => {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#timer);
    this.#failures = 0;
    void this.#connect();
  };

  #drop = () => {
    if (!this.#closed) this.#lost(1006);
  };

  async #connect() {
    this.#set("connecting");
    const token = await this.#token().catch(() => null);
    if (this.#closed || this.#socket) return;
    if (!token) {
      this.#lost(4401);
      return;
    }
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
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
    clearTimeout(this.#pinger);
    this.#pinger = setTimeout(this.#ping, PING_EVERY);
    if (frame.type === "ready") {
      this.#failures = 0;
      this.#set("live");
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #ping = () => {
    this.#socket?.send(JSON.stringify({ type: "ping" }));
    this.#pinger = setTimeout(() => this.#lost(1006), PONG_WITHIN);
  };

  #lost(code) {
    this.#forget();
    this.#failures += 1;
    const refused = code === 4401;
    this.#set(refused ? "unauthorized" : "offline");
    // A refused token may have been renewed meanwhile, but there is no hurry to ask.
    const wait = refused ? LONGEST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#failures - 1));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), wait * (0.5 + Math.random() / 2));
  }

  #forget() {
    clearTimeout(this.#pinger);
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
