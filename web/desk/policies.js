/** The policies of the tenant by kind, and two to choose from: the usual one, and one short enough to watch. */

const PRIORITIES = ["urgent", "high", "normal", "low"];
const forAll = (duration) => Object.fromEntries(PRIORITIES.map((priority) => [priority, duration]));
const escalation = (levels) => ({
  levels: levels.map(([to, after]) => ({ to, after })), repeat: 0, acknowledgement_expires: null,
});

const SHORT = {
  reminders: [{ before: "PT30S" }], overdue_after: "PT0S", copy_managers_on: [], calendar: null,
  escalation: escalation([["assignees", "PT0S"], ["managers", "PT20S"], ["managers_of_managers", "PT20S"]]),
};

const DAY = [["09:00", "18:00"]];
const OFFICE = { timezone: null, country: null, holidays: [], hours: { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY } };
const LADDER = [["assignees", "PT0S"], ["managers", "PT30M"], ["managers_of_managers", "PT4H"], ["role:admin", "P1D"]];
const USUAL = { overdue_after: "PT15M", escalation: escalation(LADDER), copy_managers_on: ["overdue"], calendar: OFFICE };

/** By kind: what of its policy each choice replaces. */
export const CHOICES = {
  appointment: { short: SHORT, usual: { ...USUAL, reminders: [{ before: "PT24H" }, { before: "PT1H" }] } },
  follow_up: { short: SHORT, usual: { ...USUAL, reminders: [{ day_before_at: "09:00" }, { before: "PT0S" }] } },
  task: {
    short: SHORT,
    usual: {
      ...USUAL, reminders: [{ before: "PT24H" }, { before: "PT1H" }], copy_managers_on: [],
      escalation: escalation([["assignees", "PT0S"], ["managers", "PT4H"], ["managers_of_managers", "P1D"]]),
    },
  },
  ticket: {
    short: { ...SHORT, first_response: forAll("PT40S"), resolution: forAll("PT2M") },
    usual: {
      ...USUAL, reminders: [{ before: "PT1H" }], overdue_after: "PT0S", copy_managers_on: [],
      escalation: escalation([["assignees", "PT0S"], ["managers", "PT30M"], ["managers_of_managers", "PT2H"], ["role:admin", "PT8H"]]),
      first_response: { urgent: "PT30M", high: "PT2H", normal: "PT4H", low: "PT9H" },
      resolution: { urgent: "PT4H", high: "PT9H", normal: "PT27H", low: "PT45H" },
    },
  },
};

/** Whether all that `part` says is so in `whole`. */
function agrees(part, whole) {
  if (part === null || typeof part !== "object") return part === whole;
  if (whole === null || typeof whole !== "object") return false;
  if (Array.isArray(part) && part.length !== whole.length) return false;
  return Object.keys(part).every((name) => agrees(part[name], whole[name]));
}

/** Fires `change` when another kind is looked at and when a policy was read. */
export class Policies extends EventTarget {
  #api;
  #known = new Map();
  kind = "appointment";

  constructor(api) {
    super();
    this.#api = api;
  }

  get #path() {
    return `/v1/admin/policies/${this.kind}`;
  }

  /** The policy of the kind that is looked at; undefined until it was read. */
  get now() {
    return this.#known.get(this.kind);
  }

  /** `short`, `usual` or undefined. */
  get choice() {
    return this.now && Object.keys(CHOICES[this.kind]).find((name) => agrees(CHOICES[this.kind][name], this.now));
  }

  /** Looks at a kind; raises Problem. */
  async look(kind) {
    this.kind = kind;
    this.#changed();
    const policy = await this.#api.get(this.#path);
    this.#known.set(kind, policy);
    this.#changed();
  }

  /** Puts a choice in the place of what it speaks of and keeps the rest; raises Problem. */
  async choose(name) {
    const { kind } = this;
    const policy = await this.#api.get(this.#path);
    this.#known.set(kind, await this.#api.put(`/v1/admin/policies/${kind}`, { ...policy, ...CHOICES[kind][name] }));
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
