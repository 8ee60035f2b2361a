import type { Skill } from "../../content/skills/skill.ts";
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
  /** Of carapaces, in order. */
  fragments: { text: string }[];
  /** Of the channel. */
  template: { name: string; text: string } | null;
  /** Given whole. */
  skills: Pick<Skill, "id" | "name" | "text">[];
  /** Listed, and read with get_skill. */
  onDemand: Pick<Skill, "id" | "name" | "description">[];
  /** For every run in the channel. */
  channelPrompt: string;
  /** For this run. */
  systemPreamble: string;
  /** The message to answer. */
  userMessage: string;
  /** Whether a person with a key wrote it. */
  fromPerson: boolean;
}

/** Gives its part of the context; nothing when it has none. */
export type Source = (input: ContextInput) => LlmMessage[];

/** A system message, or nothing for an empty text. */
export function system(text: string): LlmMessage[] {
  return text.trim() === "" ? [] : [{ role: "system", content: text }];
}
