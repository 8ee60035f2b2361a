// How far a session's older part is shortened. The marks move at a compaction only, so that the requests in between begin alike.

import type { LlmMessage } from "../../llm/llm.ts";
import { cutMessage, estimateText } from "./budget.ts";
import type { Group, Place } from "./groups.ts";

export interface Marks {
  /** What comes before is left out; a summary takes its place. */
  covered: Place;
  /** Up to here, long results and arguments of tools are shortened. */
  shortened: Place;
}

export const NO_MARKS: Marks = { covered: { turn: 0, step: 0 }, shortened: { turn: 0, step: 0 } };

/** Tokens that are kept of an old result, and of the arguments of an old call. */
const OLD_TEXT = 200;
const ARGUMENTS_LEFT_OUT = JSON.stringify({ note: "left out to save room" });

/** A turn that is covered in part keeps its first message, which says what the remaining steps are about. */
export function isCovered({ turn, step }: Place, { covered }: Pick<Marks, "covered">): boolean {
  return turn < covered.turn || (turn === covered.turn && step > 0 && step <= covered.step);
}

export const isShortened = ({ turn, step }: Place, { shortened }: Pick<Marks, "shortened">): boolean =>
  turn < shortened.turn || (turn === shortened.turn && step <= shortened.step);

export function shorten(group: Group): Group {
  if (group.short) return group.short;
  const messages = group.messages.map((message): LlmMessage => {
    if (message.role === "tool") return cutMessage(withoutImages(message), OLD_TEXT);
    return message.role === "assistant" ? withoutLongArguments(message, OLD_TEXT) : message;
  });
  group.short = { turn: group.turn, step: group.step, messages };
  return group.short;
}

function withoutImages(message: Extract<LlmMessage, { role: "tool" }>): LlmMessage {
  if (!message.attachments) return message;
  const { attachments, content, ...rest } = message;
  return { ...rest, content: `[${attachments.length} images left out to save room]\n${content}` };
}

/** Replaces the arguments of calls that cost more than `tokens` each. */
export function withoutLongArguments<T extends LlmMessage>(message: T, tokens: number): T {
  if (message.role !== "assistant" || !message.tool_calls) return message;
  const tool_calls = message.tool_calls.map((call) =>
    estimateText(call.arguments) > tokens ? { ...call, arguments: ARGUMENTS_LEFT_OUT } : call,
  );
  return { ...message, tool_calls };
}
