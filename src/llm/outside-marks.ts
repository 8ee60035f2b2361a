// Marks text from outside, in messages and in results of tools, where it stands beside what the operator and Heddle say.

import type { LlmMessage } from "./llm.ts";

/**
 * The marks name the message by the random end of its id, which exists only once the text does, so that the text cannot contain
 * them; and they are the same in each request.
 */
export function fromOutside({ id, content }: { id: string; content: string }): string {
  const mark = id.slice(-12);
  return `[outside ${mark}]\n${content}\n[/outside ${mark}]`;
}

/** Marks the results of tools that hold such text. It is the last step, so that no cut takes an end away. */
export const markResults = (messages: LlmMessage[]): LlmMessage[] => messages.map(marked);

/** Each model call of a run sends the results before it again. */
const known = new WeakMap<LlmMessage, LlmMessage>();

function marked(message: LlmMessage): LlmMessage {
  if (message.role !== "tool" || message.outside === undefined) return message;
  const before = known.get(message);
  if (before) return before;
  const { outside: id, ...rest } = message;
  const result = { ...rest, content: fromOutside({ id, content: message.content }) };
  known.set(message, result);
  return result;
}

/** Tokens that the marks of a result cost, by estimate. */
export const MARKS_OVERHEAD = 16;

export const isMarked = (text: string): boolean => withoutMarks(text) !== text;

/** The text between the marks, for whoever searches or shows it. */
export const withoutMarks = (text: string): string =>
  text.replace(/^\[outside \w+\]\n/, "").replace(/\n\[\/outside \w+\]$/, "");
