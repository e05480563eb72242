/** A test push: asks the server for one, and follows it until it is clear what has become of it. */

const CHANNEL = "web_push";
const EVERY = 1_000;
const LOOKS = 20;
const ACCEPTED = ["sent", "delivered", "opened", "clicked"];
/** How what has become of it stands; whatever is not here has failed. */
const STANDS = { deferred: "deferred", withheld: "withheld", superseded: "withheld", skipped: "withheld" };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The delivery to this user; null while nothing has become of it. */
async function delivery(api, id, user) {
  const path = `/v1/entities/notification/${encodeURIComponent(id)}?user=${encodeURIComponent(user)}`;
  const { timeline } = await api.get(path).catch((error) => {
    // No worker has heard of it yet.
    if (error.status === 404) return { timeline: [] };
    throw error;
  });
  const all = timeline.flatMap(({ recipients }) => recipients);
  // Somebody whom nothing can reach has no delivery by any channel.
  const found = all.find(({ channel }) => channel === CHANNEL) ?? all.find(({ outcome }) => outcome === "withheld");
  return found?.outcome === "planned" ? null : (found ?? null);
}

/**
 * What became of a test: `{stands, reason}`, where it stands is `sent`, `deferred`, `withheld`, `failed`, or `trying`
 * after twenty seconds.
 * @param {Api} api
 * @param {string} user the reader's id
 */
export async function sendTest(api, user) {
  let id;
  try {
    ({ id } = (await api.post("/v1/push/test", {})).entity);
  } catch (error) {
    if (error.status !== 409) throw error;
    return { stands: "withheld", reason: error.code };
  }
  for (let n = 0; n < LOOKS; n += 1) {
    const found = await delivery(api, id, user);
    if (!found) await pause(EVERY);
    else if (ACCEPTED.includes(found.outcome)) return { stands: "sent", reason: null };
    else return { stands: STANDS[found.outcome] ?? "failed", reason: found.reason };
  }
  return { stands: "trying", reason: null };
}
