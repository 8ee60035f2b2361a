import { type Source, system } from "./source.ts";

/** What the sender of the message adds for this one run. */
export const systemPreamble: Source = (input) => system(input.systemPreamble);
