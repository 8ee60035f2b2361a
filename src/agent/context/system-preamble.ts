import { type Source, unlessBlank } from "./source.ts";

/** The instructions that the sender of the message adds for this run. */
export const systemPreamble: Source = (input) => unlessBlank(input.systemPreamble);
