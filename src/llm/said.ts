// What an endpoint says besides an answer. It may be a ping; only if no answer comes is it the reason.

import { complaintIn } from "./complaint.ts";
import { reportedFailure } from "./failure.ts";
import type { Fields } from "./fields.ts";

export function createSaid() {
  let first: { event: Fields; words: string } | undefined;
  return {
    add(event: Fields): void {
      const words = first ? "" : complaintIn(event);
      if (words !== "") first = { event, words };
    },
    /** The first that had words, with the code, type or status that stood beside them. */
    throwIfAny(): void {
      if (first) throw reportedFailure({ ...first.event, message: `the endpoint says: ${first.words}` });
    },
  };
}
