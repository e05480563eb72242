/** Until when one may snooze, by the reader's own clock. */

const EVENING = 18;
const MORNING = 9;
const MONDAY = 1;

function at(day, hour) {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour);
}

function later(day, days) {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);
}

/**
 * The choices as `{key, until}`: an hour, this evening while that is more than an hour away, tomorrow, next Monday.
 * @param {Date} now
 */
export function choices(now = new Date()) {
  const hour = new Date(now.getTime() + 3_600_000);
  const evening = at(now, EVENING);
  const monday = later(now, (MONDAY - now.getDay() + 7) % 7 || 7);
  return [
    { key: "hour", until: hour },
    ...(evening > hour ? [{ key: "evening", until: evening }] : []),
    { key: "tomorrow", until: at(later(now, 1), MORNING) },
    { key: "monday", until: at(monday, MORNING) },
  ];
}

/** An instant as a `datetime-local` input wants it, to the minute. */
export function inputTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
