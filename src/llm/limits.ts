// Bounds of one answer. A model that runs away must not fill the memory or the database.

import { AttemptFailure } from "./attempt.ts";

/** Each call becomes a row and a message. Models asked for many calls at once make about twenty. */
const MAX_CALLS = 128;
/** Characters of text, arguments and reasoning together. The longest real answers have about 500,000. */
const MAX_LENGTH = 4_000_000;

export type Limits = ReturnType<typeof createLimits>;

/** Each function throws when the answer exceeds its bound. */
export function createLimits() {
  let length = 0;
  const count = (characters: number) => {
    length += characters;
    if (length > MAX_LENGTH) {
      throw new AttemptFailure("garbled", `the answer is longer than ${MAX_LENGTH} characters`);
    }
  };
  return {
    count,
    /** Counts a text and returns it. */
    text(text: string): string {
      count(text.length);
      return text;
    },
    /** Checks the number of calls so far. */
    calls(made: number): void {
      if (made > MAX_CALLS) {
        throw new AttemptFailure("garbled", `the answer has more than ${MAX_CALLS} tool calls`);
      }
    },
  };
}

export const mostCalls = <Call>(calls: Call[]): Call[] => calls.slice(0, MAX_CALLS);
