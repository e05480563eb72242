/** The preferences as the reader is changing them: saved as they change, and never silently lost. */

import { session } from "/static/desk/session.js";
import { read, write } from "/static/desk/storage.js";
import { changes, withChanges } from "./changes.js";

const PATH = "/v1/preferences";
const TYPED_FOR = 500;
/** How often a change is made anew because another device was faster. */
const TRIES = 5;
/** What was not saved when the login expired, for the same user's next one in this tab. */
const KEPT = "punctual-draft";

/** Fires `change`. `state`: `saved`, `pending`, `saving` or `failed`. */
export class Draft extends EventTarget {
  #api;
  #owner;
  #timer = 0;
  #saving = null;
  #stored = null;
  #version = null;
  #isGone = false;
  value = null;
  state = "saved";
  /** Why it is not saved. */
  error = null;
  /** Whether anything was saved since the page came. */
  hasSaved = false;

  /** @param {{tenant: string, sub: string}} me */
  constructor(api, { tenant, sub }) {
    super();
    this.#api = api;
    this.#owner = JSON.stringify([tenant, sub]);
    addEventListener("beforeunload", (event) => !this.#isGone && this.state !== "saved" && event.preventDefault());
    session.addEventListener("end", ({ detail }) => this.#end(detail));
  }

  async load() {
    const answer = await this.#api.exchange("GET", PATH);
    const made = this.#unsaved();
    this.#take(answer, made);
    this.#become("saved");
    if (made.length) this.change(this.value);
  }

  /** What another device has changed meanwhile; not over what is not saved here. */
  async refresh() {
    if (this.state !== "saved") return;
    const before = this.value;
    const answer = await this.#api.exchange("GET", PATH).catch(() => null);
    if (!answer || this.value !== before || this.state !== "saved") return;
    this.#take(answer, []);
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

  /** Saves what is not; done when nothing is being saved any more. */
  async save() {
    clearTimeout(this.#timer);
    if (this.state === "saved") return;
    this.#saving ??= this.#send();
    await this.#saving;
  }

  async #send() {
    let refusal;
    do {
      this.#become("saving");
      refusal = await this.#put().catch((error) => error);
      this.hasSaved ||= !refusal;
    } while (this.state === "pending");
    this.#saving = null;
    this.#become(refusal ? "failed" : "saved", refusal);
  }

  /** Only what was read is replaced: where another device was faster, the changes are made to what is there now. */
  async #put(tries = TRIES) {
    const sent = this.value;
    try {
      const answer = await this.#api.exchange("PUT", PATH, { body: sent, match: this.#version });
      this.#take(answer, changes(sent, this.value));
    } catch (error) {
      if (error.status !== 412 || tries === 1) throw error;
      const answer = await this.#api.exchange("GET", PATH);
      this.#take(answer, changes(this.#stored, this.value));
      await this.#put(tries - 1);
    }
  }

  #take({ value, etag }, made) {
    this.#stored = value;
    this.#version = etag;
    this.value = made.length ? withChanges(value, made) : value;
  }

  /** What is not saved of this page, or of the one before it. */
  #unsaved() {
    if (this.value) return changes(this.#stored, this.value);
    const { owner, made } = JSON.parse(read("sessionStorage", KEPT) ?? "{}");
    write("sessionStorage", KEPT, null);
    return owner === this.#owner ? made : [];
  }

  #end(reason) {
    const made = reason === "expired" && this.value ? changes(this.#stored, this.value) : [];
    this.#isGone = !made.length || write("sessionStorage", KEPT, JSON.stringify({ owner: this.#owner, made }));
    clearTimeout(this.#timer);
  }

  #become(state, error = null) {
    this.state = state;
    if (state !== "saving" && state !== "pending") this.error = error;
    this.dispatchEvent(new Event("change"));
  }
}
