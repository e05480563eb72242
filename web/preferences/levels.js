/** What a channel carries: by the reader's choice for the type, else the category, else the channel, else by default. */

const DEFAULTS = { always: "everything", important: "important", chosen: "nothing" };
const IMPORTANT = ["high", "urgent"];
const DIGESTS = "digests";

/** The channels of the catalogue by name: `{default, slow, digests}`. */
const known = new Map();

/** Takes note of what the catalogue says of the channels; comes before all else here. */
export function learn(channels) {
  for (const channel of channels) known.set(channel.name, channel);
}

const level = (choice) => (choice ? "everything" : "nothing");

/** `everything`, `important` or `nothing`: what a channel carries by itself. */
export const byDefault = (channel) => DEFAULTS[known.get(channel)?.default] ?? "nothing";

/** What a channel carries where no category says otherwise. */
export function ofChannel({ channels }, channel) {
  return Object.hasOwn(channels, channel) ? level(channels[channel]) : byDefault(channel);
}

/** What a channel carries of a category. */
export function ofCategory(preferences, channel, category) {
  const own = preferences.categories[category] ?? {};
  return Object.hasOwn(own, channel) ? level(own[channel]) : ofChannel(preferences, channel);
}

const carries = (level, { priority }) => level === "everything" || (level === "important" && IMPORTANT.includes(priority));

/** Whether a channel carries a type of the catalogue where the type has no choice of its own. */
export const inherited = (preferences, channel, notice) => carries(ofCategory(preferences, channel, notice.category), notice);

/** Whether summaries come by a channel. */
const brings = (channel) => !known.get(channel)?.slow || known.get(channel).digests;

/** `always`: no choice changes it; `never`: the type does not use the channel; `open`: the reader chooses. */
export function freedom(channel, notice) {
  if (!notice.channels.includes(channel) || (notice.category === DIGESTS && !brings(channel))) return "never";
  return notice.mandatory && carries(byDefault(channel), notice) ? "always" : "open";
}

/** The types of the catalogue that the reader's own choices keep from a channel. */
export function muted(preferences, channel, notices) {
  return notices.filter((notice) => {
    const own = preferences.types[notice.type]?.[channel];
    const said = own === undefined ? ofCategory(preferences, channel, notice.category) : level(own);
    return freedom(channel, notice) === "open" && said === "nothing";
  });
}

/** The preferences without any choice for these channels; those that are not shown here keep theirs. */
export function withoutChoices(preferences, channels) {
  const without = (before, where) => channels.reduce((now, channel) => withChoice(now, where, channel, null), before);
  const places = ["categories", "types"].flatMap((map) => Object.keys(preferences[map]).map((key) => [map, key]));
  return [[], ...places].reduce(without, preferences);
}

/** The preferences with one choice made: true, false, or null for none. `where`: `[]`, `["categories", name]` or `["types", name]`. */
export function withChoice(preferences, [map, key], channel, choice) {
  const before = map ? (preferences[map][key] ?? {}) : preferences.channels;
  const after = { ...before };
  if (choice === null) delete after[channel];
  else after[channel] = choice;
  if (!map) return { ...preferences, channels: after };
  const maps = { ...preferences[map], [key]: after };
  if (!Object.keys(after).length) delete maps[key];
  return { ...preferences, [map]: maps };
}
