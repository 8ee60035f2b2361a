import type { Source } from "./source.ts";

/** The session so far. It gets the room that the other sources leave, newest messages first. */
export const history: Source = (input) => input.history;
