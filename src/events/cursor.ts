// A place in the log of events. Transactions commit in another order than they take numbers, so a single number would
// miss events. A cursor is PostgreSQL's snapshot of which transactions were visible: everything visible now and not then
// is new. See https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT.

import { HeddleError } from "../errors.ts";

export interface Cursor {
  /** A pg_snapshot as text, "xmin:xmax:xip,xip": everything visible in it is passed. */
  since: string;
  /** Within the events that `snapshot` shows and `since` does not, in the order of their ids, the last that is passed. */
  within?: { snapshot: string; id: number };
}

/** A snapshot names the transactions that were open; there are as many as connections at most. */
const MAX_LENGTH = 8_000;
const MAX_NUMBER_LENGTH = 19;

export const writeCursor = ({ since, within }: Cursor): string =>
  within ? `${since}/${within.snapshot}/${within.id}` : since;

/** Throws `validation` for a text that `writeCursor` did not write. */
export function readCursor(text: string): Cursor {
  const [since = "", snapshot, id, ...more] = text.length <= MAX_LENGTH ? text.split("/") : [];
  const isWhole = isSnapshot(since) && more.length === 0;
  if (isWhole && snapshot === undefined) return { since };
  if (isWhole && snapshot !== undefined && isSnapshot(snapshot) && isNumber(id)) {
    return { since, within: { snapshot, id: Number(id) } };
  }
  throw new HeddleError(
    "validation",
    "Last-Event-ID must be the id of an event of this stream; leave it out to begin anew.",
    { field: "Last-Event-ID" },
  );
}

/** The oldest transaction that a snapshot may not show. */
export const oldestIn = (snapshot: string): number => Number(snapshot.split(":", 1)[0]);

function isSnapshot(text: string): boolean {
  const [xmin, xmax, open, ...more] = text.split(":");
  if (!isNumber(xmin) || !isNumber(xmax) || open === undefined || more.length > 0) return false;
  const [from, to] = [Number(xmin), Number(xmax)];
  if (from < 1 || from > to) return false;
  const ids = open === "" ? [] : open.split(",");
  return ids.every(
    (id, at) =>
      isNumber(id) && Number(id) >= from && Number(id) < to && (at === 0 || Number(id) > Number(ids[at - 1])),
  );
}

const isNumber = (text: string | undefined): boolean =>
  text !== undefined &&
  text.length <= MAX_NUMBER_LENGTH &&
  /^\d+$/.test(text) &&
  Number.isSafeInteger(Number(text));
