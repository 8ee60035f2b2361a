// The last resort when a conversation exceeds the window: the oldest steps of the run are left out, and the newest one, which
// always stays, is cut.

import type { LlmMessage } from "../../llm/llm.ts";
import { cutMessage, estimate } from "./budget.ts";
import { type Group, tokensOf, totalOf } from "./groups.ts";
import { withoutLongArguments } from "./marks.ts";

/** Returns the newest of the steps that together cost at most `room` tokens. */
export function fitSteps(steps: Group[], room: number): Group[] {
  let total = totalOf(steps);
  let first = 0;
  while (first < steps.length - 1 && total > room) total -= tokensOf(steps[first++] as Group);
  const fitted = steps.slice(first);
  if (total <= room) return fitted;
  return fitted.map((step) => ({ ...step, tokens: undefined, messages: squeeze(step.messages, room) }));
}

/** Fits one step into the room: every text gets an equal share, and larger arguments are replaced. */
function squeeze(step: LlmMessage[], room: number): LlmMessage[] {
  const share = Math.floor(room / Math.max(1, step.length));
  const squeezed = step.map((message) => cutMessage(fitArguments(message, share), share));
  // Hundreds of calls at once may exceed the room by their names alone.
  return estimate(squeezed) <= room ? squeezed : [];
}

function fitArguments(message: LlmMessage, share: number): LlmMessage {
  if (message.role !== "assistant" || !message.tool_calls || estimate([message]) <= share) return message;
  return withoutLongArguments(message, Math.floor(share / 2 / message.tool_calls.length));
}
