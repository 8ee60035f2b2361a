// A sighting goes on after the bot has judged it: what is new is added to the answer where it was posted, and nobody is disturbed again.

import { log, tasks } from "heddle/sdk";
import { sinceThen } from "./message.ts";
import type { ToldOf } from "./pace.ts";
import type { Sighting } from "./sighting.ts";

/** Adds what is new since the bot was told. An answer that is not posted yet gets it with the next report, which repeats it. */
export async function grow(
  sighting: Sighting,
  told: ToldOf,
  keep: (told: ToldOf) => Promise<void>,
): Promise<void> {
  const added = sinceThen(sighting, told);
  if (added === "" || added === told.added) return;
  let places = 0;
  for (const id of told.tasks) places += await addTo(id, added);
  if (places > 0) await keep({ ...told, added });
}

/** In how many places the answer shows it now. */
async function addTo(taskId: string, added: string): Promise<number> {
  try {
    const { status, result } = await tasks.get(taskId);
    if (status !== "complete" || !result?.trim()) return 0;
    return await tasks.correct(taskId, `${result}\n\n${added}`);
  } catch (error) {
    // The sighting itself was told; its run may have been deleted.
    log.warning("What was seen later could not be added to an answer", { taskId, error: String(error) });
    return 0;
  }
}
