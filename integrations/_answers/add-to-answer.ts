// An answer that was given can be added to where it was posted, without a message that disturbs people again.

import { log, tasks } from "heddle/sdk";

/** Adds a paragraph to the answer of a run; returns in how many places it shows now. A run that goes on, or has said nothing, has none. */
export async function addToAnswer(taskId: string, added: string): Promise<number> {
  try {
    const { status, result } = await tasks.get(taskId);
    if (status !== "complete" || !result?.trim()) return 0;
    return await tasks.correct(taskId, `${result}\n\n${added}`);
  } catch (error) {
    // What it adds to was said all the same; the run may have been deleted.
    log.warning("An answer could not be added to", { taskId, error: String(error) });
    return 0;
  }
}
