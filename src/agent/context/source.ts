import type { LlmMessage } from "../../llm/llm.ts";

/** What the sources read. */
export interface ContextInput {
  botPrompt: string;
  /** Milliseconds since 1970. */
  now: number;
  /** Of `createClock`. */
  clock: Intl.DateTimeFormat;
  /** The session before the message to answer, oldest first. */
  history: LlmMessage[];
  /** For every run in the channel. */
  channelPrompt: string;
  /** For this run. */
  systemPreamble: string;
  /** The message to answer. */
  userMessage: string;
}

/** Gives its part of the context; nothing when it has none. */
export type Source = (input: ContextInput) => LlmMessage[];

/** A system message, or nothing for an empty text. */
export function system(text: string): LlmMessage[] {
  return text.trim() === "" ? [] : [{ role: "system", content: text }];
}
