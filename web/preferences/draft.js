/** The preferences as the reader is changing them: saved as they change, and never silently lost. */

const PATH = "/v1/preferences";
const TYPED_FOR = 500;

/** Fires `change`. `state`: `saved`, `pending`, `saving` or `failed`. */
export class Draft extends EventTarget {
  #api;
  #timer = 0;
  #saving = false;
  value = null;
  state = "saved";
  /** Why it is not saved. */
  error = null;
  /** Whether anything was saved since the page came. */
  hasSaved = false;

  constructor(api) {
    super();
    this.#api = api;
    addEventListener("beforeunload", (event) => this.state !== "saved" && event.preventDefault());
  }

  async load() {
    this.value = await this.#api.get(PATH);
    this.#become("saved");
  }

  /** What another device has changed meanwhile; not over what is not saved here. */
  async refresh() {
    if (this.state !== "saved") return;
    const before = this.value;
    const now = await this.#api.get(PATH).catch(() => null);
    if (!now || this.value !== before || this.state !== "saved") return;
    this.value = now;
    this.#become("saved");
  }

  /**
   * @param {object} value the whole
   * @param {{typing?: boolean}} [how] what is typed is saved when the typing rests
   */
  change(value, { typing = false } = {}) {
    this.value = value;
    this.#become("pending");
    clearTimeout(this.#timer);
    if (typing) this.#timer = setTimeout(() => void this.save(), TYPED_FOR);
    else void this.save();
  }

  async save() {
    clearTimeout(this.#timer);
    if (this.#saving || this.state === "saved") return;
    this.#saving = true;
    const sent = this.value;
    this.#become("saving");
    let refusal = null;
    try {
      const answer = await this.#api.put(PATH, sent);
      if (this.value === sent) this.value = answer;
    } catch (error) {
      refusal = error;
    }
    this.#saving = false;
    const isNewer = this.state === "pending";
    this.hasSaved ||= !refusal;
    if (isNewer) return this.save();
    return this.#become(refusal ? "failed" : "saved", refusal);
  }

  #become(state, error = null) {
    this.state = state;
    if (state !== "saving" && state !== "pending") this.error = error;
    this.dispatchEvent(new Event("change"));
  }
}
