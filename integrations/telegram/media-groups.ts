// By webhook, each photo of a group comes in a request of its own, and some at the same time, perhaps at several servers.

import { setTimeout as sleep } from "node:timers/promises";
import type { Update } from "grammy/types";
import { store } from "heddle/sdk";
import { groupOf } from "./batch.ts";

const WAIT_MS = 1_000;
const KEPT = { ttlSeconds: 86_400 };

interface Group {
  parts: Update[];
  isTaken: boolean;
}

/**
 * Calls `take` with the update, or with all parts of its group once no more arrive. The request of the first part waits
 * for the others. If the server dies meanwhile, Telegram sends it again, and finds the others in the store.
 */
export async function takePart(
  update: Update,
  take: (updates: Update[]) => Promise<string>,
): Promise<string> {
  const name = groupOf(update);
  if (name === undefined) return take([update]);
  const key = `group:${name}`;
  const group = await store.update<Group>(key, (known) => withPart(known, update), KEPT);
  if (!group || group.isTaken) return take([update]);
  if (group.parts[0]?.update_id !== update.update_id) return "part";
  let { parts } = group;
  for (let known = 0; known < parts.length; ) {
    known = parts.length;
    await sleep(WAIT_MS);
    parts = (await store.get<Group>(key))?.parts ?? parts;
  }
  const taken = await store.update<Group>(
    key,
    (now) => ({ parts: now?.parts ?? parts, isTaken: true }),
    KEPT,
  );
  return take([...(taken?.parts ?? parts)].sort((one, other) => one.update_id - other.update_id));
}

function withPart(known: Group | undefined, update: Update): Group {
  const parts = known?.parts ?? [];
  if (parts.some(({ update_id }) => update_id === update.update_id)) {
    // Sent again, because its earlier request has failed.
    return { parts, isTaken: false };
  }
  return { parts: known?.isTaken ? parts : [...parts, update], isTaken: known?.isTaken ?? false };
}
