/** The single changes that lead from one value to another, to be made to a third. Lists are changed as a whole. */

const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * @param {object} from
 * @param {object} to
 * @returns {{path: string[], value?: any}[]} without a `value` where something is gone
 */
export function changes(from, to, path = []) {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) => {
    const [before, after] = [from[key], to[key]];
    const at = [...path, key];
    if (isMap(before ?? after) && isMap(after ?? before)) return changes(before ?? {}, after ?? {}, at);
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return after === undefined ? [{ path: at }] : [{ path: at, value: after }];
  });
}

/** A copy of `value` with the changes made; maps that they empty below the first level are gone. */
export function withChanges(value, made) {
  const result = structuredClone(value);
  for (const { path, ...change } of made) {
    const way = path.slice(0, -1);
    const map = way.reduce((parent, key) => (parent[key] ??= {}), result);
    if ("value" in change) map[path.at(-1)] = change.value;
    else delete map[path.at(-1)];
    if (way.length > 1 && !Object.keys(map).length) delete result[way[0]][way[1]];
  }
  return result;
}
