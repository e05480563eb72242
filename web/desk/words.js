/** The words for what the API names by key. */

import { KINDS } from "./kinds.js";

const STATES = { open: "Open", overdue: "Overdue", escalated: "Escalated", closed: "Closed" };

const OUTCOMES = {
  planned: "planned", sent: "sent", delivered: "delivered", opened: "opened", clicked: "clicked",
  deferred: "later", withheld: "not sent", superseded: "overtaken", skipped: "skipped", expired: "expired",
  failed: "failed", unknown: "unclear",
};

const REASONS = {
  quiet_hours: "after quiet hours", digest: "in the digest", snoozed: "it is snoozed until then",
  preference: "not wanted", unsubscribed: "unsubscribed", bounced: "the address bounced",
  no_address: "no email address", no_subscription: "no device", channel_off: "not set up here",
  inactive: "the user is inactive", unknown_user: "unknown user", budget: "the daily limit is reached",
  unreachable: "nobody there could be reached by push or mail", acknowledged: "somebody had acknowledged",
  rescheduled: "it was changed", reassigned: "somebody else has it now", cancelled: "it was cancelled",
  closed: "it has ended", stale: "a newer event came first", replanned: "the plan changed",
  past: "its moment had passed when it was planned", late: "too late to be of use", expired: "no longer relevant",
  provider_error: "the provider had an error", rejected: "refused", timeout: "no answer in time",
  ambiguous: "the provider may have it",
};

const CHANNELS = { inbox: "Inbox", websocket: "Live", web_push: "Push", email: "Email", sms: "SMS", chat: "Chat" };

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");

export const outcome = (name) => OUTCOMES[name] ?? sentence(name);
export const reason = (name) => (name ? (REASONS[name] ?? sentence(name)) : "");

/** What became of one delivery: `Email sent`, `Push: no device`, `Email failed: no answer in time`. */
export function delivery(channel, outcome, why) {
  const name = CHANNELS[channel] ?? sentence(channel);
  const selfEvident = ["withheld", "superseded", "skipped"].includes(outcome) && why;
  return `${name}${selfEvident ? "" : ` ${OUTCOMES[outcome] ?? outcome}`}${why ? `: ${reason(why)}` : ""}`;
}

/** Deliveries with the channels in one order everywhere. */
export function inOrder(deliveries) {
  const rank = (one) => Object.keys(CHANNELS).indexOf(one.channel);
  return [...deliveries].sort((a, b) => rank(a) - rank(b));
}

const AUDIENCES = {
  assignees: "those it is assigned to", managers: "managers", managers_of_managers: "managers of managers",
  "role:admin": "admins",
};

/** Whom a level of an escalation is for: `managers`, `the team sales`, `ravi`. */
export function audience(to) {
  const [what, id] = to.split(":");
  return AUDIENCES[to] ?? (what === "user" ? id : `the ${what} ${id}`);
}

const LEVEL = {
  planned: "will be told to", deferred: "will be told to", sent: "told to", failed: "could not be told to", unknown: "told to",
};

/** What a step of a timeline is, and for an escalation whom it is for. */
export function step({ key, type, to, outcome }) {
  const name = sentence(type.split(".").at(-1));
  if (type === "escalation.exhausted") {
    return { name: outcome === "sent" ? "Nobody responded" : "If nobody responds", more: `${LEVEL[outcome] ?? "not told to"} ${audience(to ?? "role:admin")}` };
  }
  if (key.startsWith("remind-now-")) return { name: type.endsWith(".reminder") ? name : `${name}, once more`, more: "asked for by hand" };
  return { name, more: to ? `${LEVEL[outcome] ?? "not told to"} ${audience(to)}` : "" };
}

/** The state as a card shows it. */
export function state({ state, entity, acknowledged_by: by }) {
  if (state === "acknowledged") return by ? `Acknowledged by ${by}` : "Acknowledged";
  return state === "open" && entity.status === "waiting" ? "Waiting" : (STATES[state] ?? state);
}

/** What it is, how urgent, for whom, and who has it. */
export function about({ kind, entity }) {
  const who = entity.assignee_ids?.length ? `assigned to ${entity.assignee_ids.join(", ")}` : "nobody assigned";
  const parts = [KINDS[kind].one, entity.priority && `${entity.priority} priority`, entity.customer_name, who];
  return sentence(parts.filter(Boolean).join(" · "));
}

/** A number of seconds as `45 s`, `2 min`, `1 h 5 min`, `24 h`, `2 d 20 h`. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return s % 60 && s < 600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  if (s <= 86_400) return s % 3_600 >= 60 ? `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min` : `${Math.floor(s / 3_600)} h`;
  return s % 86_400 >= 3_600 ? `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h` : `${Math.floor(s / 86_400)} d`;
}

/** An ISO 8601 duration in seconds. */
export function seconds(duration) {
  const [, w, d, h, m, s] = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration) ?? [];
  return [w, d, h, m, s].reduce((sum, part, n) => sum + Number(part ?? 0) * [604_800, 86_400, 3_600, 60, 1][n], 0);
}

const NEAR = 600_000;

/**
 * The local day and time: `Today`, `Tomorrow` or the date, with its year where that is another one, and `14:30`.
 * Seconds that are not zero are shown where they matter: within ten minutes of now, or when `exact`.
 */
export function local(iso, { now = new Date(), exact = false } = {}) {
  const moment = new Date(iso);
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(moment) - midnight(now)) / 86_400_000);
  const named = { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days];
  const date = { weekday: "short", day: "numeric", month: "short" };
  if (moment.getFullYear() !== now.getFullYear()) date.year = "numeric";
  const time = { hour: "numeric", minute: "2-digit" };
  if (moment.getSeconds() && (exact || Math.abs(moment - now) < NEAR)) time.second = "2-digit";
  return { day: named ?? moment.toLocaleDateString(undefined, date), time: moment.toLocaleTimeString(undefined, time) };
}

/** An instant as a `datetime-local` input wants it. */
export function inputTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
