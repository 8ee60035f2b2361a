import { type Source, system } from "./source.ts";

/** The instructions that the sender of the message adds for this run. */
export const systemPreamble: Source = (input) => system(input.systemPreamble);
