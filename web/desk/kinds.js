/** All that the desk knows of one kind and not of the others: its words, its fields, and the events it sends. */

/**
 * `title`, `due`: its fields of that meaning · `undated`: what it is called when it has no time · `events`: what the
 * desk's own acts are called · `ends`: buttons that send one event · `lead`: how many of them stand in front.
 */
export const KINDS = {
  appointment: {
    one: "appointment", many: "Appointments", icon: "calendar", title: "title", due: "starts_at", asks: "Starts in",
    example: "Quarterly review", needs: ["customer_name"], again: "Schedule again",
    events: { create: "scheduled", move: "rescheduled", assign: "updated", again: "rescheduled" },
    ends: { completed: "Complete", confirmed: "Confirm", missed: "Missed", cancelled: "Cancel" }, lead: 1,
  },
  follow_up: {
    one: "follow-up", many: "Follow-ups", icon: "follow_up", title: "title", due: "due_at", asks: "Due in",
    example: "Send the revised offer", needs: [], again: "Open again",
    events: { create: "created", move: "rescheduled", assign: "reassigned", again: "created" },
    ends: { completed: "Complete", cancelled: "Cancel" }, lead: 1,
  },
  task: {
    one: "task", many: "Tasks", icon: "task", title: "title", due: "due_at", asks: "Due in", undated: "No date",
    example: "Prepare the contract", needs: [], again: "Open again",
    events: { create: "created", move: "updated", assign: "assigned", again: "created" },
    ends: { completed: "Complete", cancelled: "Cancel" }, lead: 1,
  },
  ticket: {
    one: "ticket", many: "Tickets", icon: "ticket", title: "subject", due: "resolution_due_at", asks: "To be resolved in",
    undated: "By policy", example: "Printer does not start", needs: [], again: "Open again",
    events: { create: "created", move: "updated", assign: "assigned", again: "reopened" },
    ends: { resolved: "Resolve", closed: "Close" }, lead: 1,
  },
};

export const kindOf = (item) => KINDS[item.kind];
export const titleOf = (item) => item.entity[kindOf(item).title];

/** The instant that it is about, in milliseconds, or null. */
export function dueOf(item) {
  const due = item.entity[kindOf(item).due];
  return due ? Date.parse(due) : null;
}

/** The snapshot to send on: what was said in an event of its own is not said again. */
export function snapshot({ entity }) {
  const { message, previous_assignee_ids, ...rest } = entity;
  return rest;
}

/** The snapshot with another time, or with none; what has an end keeps its length. */
export function moved(item, to) {
  const data = snapshot(item);
  if (to && data.ends_at) data.ends_at = new Date(to.getTime() + Date.parse(data.ends_at) - dueOf(item)).toISOString();
  data[kindOf(item).due] = to ? to.toISOString() : null;
  return data;
}
