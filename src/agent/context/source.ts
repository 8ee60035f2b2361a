import type { Skill } from "../../content/skills/skill.ts";
import type { LlmAttachment } from "../../llm/llm.ts";
import type { JsonObject } from "../../sdk/types.ts";
import type { Clock } from "./current-time.ts";

/** The input of all sources. */
export interface ContextInput {
  botPrompt: string;
  /** Milliseconds since 1970. */
  now: number;
  /** Made by `createClock`. */
  clock: Clock;
  /** The texts of carapaces, in order. */
  fragments: { text: string }[];
  /** The channel's template. */
  template: { name: string; text: string } | null;
  /** Pinned; included in full. */
  skills: Pick<Skill, "id" | "name" | "text">[];
  /** Included in full for this run. */
  askedSkills: Pick<Skill, "id" | "name" | "text">[];
  /** Skills that are only listed, to be read with get_skill. */
  onDemand: Pick<Skill, "id" | "name" | "description">[];
  /** What the bot remembers, oldest first. */
  memory: { text: string; day: string }[];
  /** The channel's own prompt, for every run in it. */
  channelPrompt: string;
  /** The `system_preamble` of this run. */
  systemPreamble: string;
  /** The JSON Schema that the answer must match. */
  outputSchema?: JsonObject | undefined;
  /** The message to answer. */
  userMessage: string;
  /** The files that came with it. */
  attachments?: LlmAttachment[];
  /** Whether a person with a key wrote it. */
  fromPerson: boolean;
  /** The message's id, if a stranger wrote it. */
  strangersId?: string | undefined;
}

/** Returns the texts that it adds to the context, none if it has nothing to add. */
export type Source = (input: ContextInput) => string[];

/** The text, unless it is blank. */
export const unlessBlank = (text: string): string[] => (text.trim() === "" ? [] : [text]);
