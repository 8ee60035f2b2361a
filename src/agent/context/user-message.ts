import type { Source } from "./source.ts";

/** The message to answer. */
export const userMessage: Source = (input) => [{ role: "user", content: input.userMessage }];
