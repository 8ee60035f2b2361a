import type { Source } from "./source.ts";

/** The message to answer. */
export const userMessage: Source = ({ userMessage, fromPerson }) => [
  { role: "user", content: userMessage, ...(fromPerson && { from_person: true }) },
];
