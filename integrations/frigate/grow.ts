// A sighting goes on after the bot has judged it: what is new is added to the answer where it was posted, and nobody is disturbed again.

import { addToAnswer } from "../_answers/add-to-answer.ts";
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
  for (const id of told.tasks) places += await addToAnswer(id, added);
  if (places > 0) await keep({ ...told, added });
}
