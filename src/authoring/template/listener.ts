// The process that process.ts names. Here the SDK speaks to the server over its REST API.

import { setTimeout as sleep } from "node:timers/promises";
import { log } from "heddle/sdk";
import { askAcme } from "./client.ts";
import { handOver, type RoomMessage } from "./hand-over.ts";

const PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

let after = "";
let pause = PAUSE_MS;
for (;;) {
  try {
    const response = await askAcme(`messages?after=${encodeURIComponent(after)}`);
    if (!response.ok) throw new Error(`Acme answered ${response.status}`);
    const { messages } = (await response.json()) as { messages: RoomMessage[] };
    for (const message of messages) {
      await handOver(message);
      // Only now: what could not be handed over is asked for again.
      after = message.id;
    }
    pause = PAUSE_MS;
  } catch (error) {
    log.warning("Acme cannot be asked", { reason: error instanceof Error ? error.message : String(error) });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  await sleep(pause);
}
