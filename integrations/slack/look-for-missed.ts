// Events over HTTP that never came. Slack tries each for some minutes only, and nothing tells afterwards that the server could not be reached.
// So the latest places are read now and then, and all of them if anything was missed there.

import { type PollContext, server, store } from "heddle/sdk";
import { catchUp } from "./missed.ts";

/** As many requests as this are made each time, of the fifty a minute that Slack allows. */
const LATEST = 20;
/** What was said just now may be on its way. */
const ON_ITS_WAY_MS = 30_000;
/** That Slack sent an event again may also come of a server that was slow for a moment. */
const RETRIES_COUNT_AFTER_MS = 1_800_000;
const MOST_MS = 86_400_000;

const LOOKED = "looked";
const RETRIED = "retried";

/** Until when what was said is known to have come, or was looked up; in milliseconds since 1970. */
interface Looked {
  latest: number;
  all: number;
}

/** Says that Slack sent an event again, since its first try failed. */
export const noteRetry = (): Promise<void> => store.set(RETRIED, true, { ttlSeconds: 86_400 });

let isStarted = false;

export async function lookForMissed({ since, signal, degraded }: PollContext): Promise<void> {
  const now = Date.now();
  const until = new Date(now - ON_ITS_WAY_MS);
  const before = await store.get<Looked>(LOOKED);
  const keep = (looked: Partial<Looked>) =>
    store.set(LOOKED, { latest: until.getTime(), all: until.getTime(), ...looked } satisfies Looked);
  const all = new Date(Math.max(before?.all ?? since?.getTime() ?? now, now - MOST_MS));
  if (!isStarted) {
    // After a start everything is read, up to now: what this process did not hear comes from nowhere else.
    if (since !== null) await catchUp({ since: all, signal });
    isStarted = true;
    return keep({});
  }
  const latest = new Date(before?.latest ?? until.getTime());
  const found = await catchUp({ since: latest, until, most: LATEST, signal });
  const isRetried = (await store.get(RETRIED)) === true && now - all.getTime() > RETRIES_COUNT_AFTER_MS;
  if (found === 0 && !isRetried) return keep({ all: all.getTime() });
  const more = await catchUp({ since: all, until, signal });
  await store.delete(RETRIED);
  await keep({});
  if (found + more > 0) degraded(detailOf(found + more));
}

const detailOf = (count: number): string =>
  `Slack could not deliver ${count} ${count === 1 ? "message" : "messages"}, which had to be looked up. ${server.webhookUrl() ?? "The webhook's address"} must be reachable from outside.`;
