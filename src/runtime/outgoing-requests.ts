// How many HTTP requests this process makes at once; the runtime lets further ones wait.

import { isBun } from "./host.ts";

/** Bun reads it once, when the process starts, so that a `.env` file is too late. */
export const OUTGOING_REQUESTS_VARIABLE = "BUN_CONFIG_MAX_HTTP_REQUESTS";
const BUN_DEFAULT = 256;
const BUN_MOST = 65_535;

export function mostOutgoingRequests(
  environment: Record<string, string | undefined> = process.env,
  isInBun = isBun,
): number {
  if (!isInBun) return Number.POSITIVE_INFINITY;
  const set = Number(environment[OUTGOING_REQUESTS_VARIABLE] ?? Number.NaN);
  return Number.isInteger(set) && set >= 1 && set <= BUN_MOST ? set : BUN_DEFAULT;
}
