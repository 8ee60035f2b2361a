// By what a message is recognised that comes twice. The column that holds it is unique, so that the second one is not stored
// (store.ts), and gets the outcome of the first.

import type { Incoming } from "../inbox/incoming.ts";

/** A replayed event counts as a new one; within the replay a key still counts once. */
export function dedupeKeyOf(
  { scope, incoming }: { scope: string; incoming: Incoming | undefined },
  key: string | undefined,
): string | null {
  if (key === undefined) return null;
  // A line break is reserved for eventKey().
  key = key.replaceAll("\n", "\u2028");
  return incoming?.replayOf ? `${scope}:replay ${incoming.id}:${key}` : `${scope}:${key}`;
}

/** The dedupe key of an event's message in a channel other than the first. */
export const eventKey = (first: string, channelId: string) => `${first}\n${channelId}`;
