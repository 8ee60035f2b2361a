import type { Source } from "./source.ts";

/** The session so far. It gets what the other sources leave, newest first. */
export const history: Source = (input) => input.history;
