// Fits the steps of a long run into the context window: the oldest results are cut first, then the oldest steps are left out;
// the newest step always stays.

import type { LlmMessage } from "../../llm/llm.ts";
import { cutMessage, estimate, estimateText } from "./budget.ts";
import type { Group } from "./groups.ts";

/** Tokens kept of an old result when room is short. */
const OLD_RESULT = 200;
const ARGUMENTS_LEFT_OUT = JSON.stringify({ note: "left out to save room" });

/** Returns the steps as messages of at most `room` tokens. */
export function fitSteps(groups: Group[], room: number): LlmMessage[] {
  const sizes = groups.map(estimate);
  let total = sum(sizes);
  if (total <= room) return groups.flat();
  const fitted = [...groups];
  const replace = (index: number, group: Group) => {
    const size = estimate(group);
    total += size - (sizes[index] ?? 0);
    sizes[index] = size;
    fitted[index] = group;
  };
  const last = groups.length - 1;
  for (let index = 0; index < last && total > room; index++)
    replace(index, cutResults(groups[index] ?? [], OLD_RESULT));
  for (let index = 0; index < last && total > room; index++) replace(index, []);
  if (total > room) replace(last, squeeze(groups[last] ?? [], room));
  return fitted.flat();
}

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

function cutResults(group: Group, tokens: number): Group {
  return group.map((message) => (message.role === "tool" ? cutMessage(message, tokens) : message));
}

/** Fits one step into the room: every text gets an equal share, and larger arguments are replaced. */
function squeeze(group: Group, room: number): Group {
  const share = Math.floor(room / Math.max(1, group.length));
  const squeezed = group.map((message) => cutMessage(shortenArguments(message, share), share));
  // Hundreds of calls at once may exceed the room by their names alone.
  return estimate(squeezed) <= room ? squeezed : [];
}

function shortenArguments(message: LlmMessage, tokens: number): LlmMessage {
  if (message.role !== "assistant" || !message.tool_calls || estimate([message]) <= tokens) return message;
  const share = Math.floor(tokens / 2 / message.tool_calls.length);
  const tool_calls = message.tool_calls.map((call) =>
    estimateText(call.arguments) > share ? { ...call, arguments: ARGUMENTS_LEFT_OUT } : call,
  );
  return { ...message, tool_calls };
}
