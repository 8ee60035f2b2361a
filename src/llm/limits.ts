// Bounds of one answer. A model that runs away must not fill the memory or the database.

import { AttemptFailure } from "./attempt.ts";

/** Each call becomes a row and a message. Models asked for many calls at once make about twenty. */
const MAX_CALLS = 128;
/** Messages, calls and thoughts of one response. */
const MAX_ITEMS = 1_000;
/** Characters of text, arguments and reasoning together. The longest real answers have about 500,000. */
const MAX_LENGTH = 4_000_000;

export type Limits = ReturnType<typeof createLimits>;

/** Each function throws when the answer exceeds its bound. */
export function createLimits() {
  let length = 0;
  const count = (characters: number) => {
    length += characters;
    if (length > MAX_LENGTH) {
      throw new AttemptFailure("endless", `the answer is longer than ${MAX_LENGTH} characters`);
    }
  };
  return {
    count,
    /** Counts a text and returns it. */
    text(text: string): string {
      count(text.length);
      return text;
    },
    /** Checks the number of parts so far, of which each may be looked through for every event. */
    items(made: number): void {
      if (made > MAX_ITEMS) {
        throw new AttemptFailure("endless", `the answer has more than ${MAX_ITEMS} parts`);
      }
    },
    /** Checks the number of calls so far. */
    calls(made: number): void {
      if (made > MAX_CALLS) {
        throw new AttemptFailure("endless", `the answer has more than ${MAX_CALLS} tool calls`);
      }
    },
  };
}

export const mostCalls = <Call>(calls: Call[]): Call[] => calls.slice(0, MAX_CALLS);
