// Judges an answer by how it ended, and finds the calls in it. The same for every protocol: servers of all kinds speak each of them.

import type { AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { mostCalls } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";
import { newCallId } from "./call-ids.ts";
import { endOf } from "./finish-reason.ts";
import { withoutThoughts } from "./thoughts.ts";
import { offeredName } from "./tool-names.ts";
import { readWrittenCalls } from "./written-calls.ts";

export interface ReadAnswer {
  text: string;
  toolCalls: LlmToolCall[];
  isCut: boolean;
}

interface Given {
  /** As the endpoint says it, by `readFinish`. */
  finish: string;
  text: string;
  /** As they came: an id may be missing or be another's, too. */
  calls: LlmToolCall[];
  /** The text may have thoughts and calls in it: servers of open models leave there what they do not understand. */
  isRaw?: boolean;
}

/** Throws an AttemptFailure for an answer that was filtered, failed or is empty, or a call without a name. */
export function readAnswer(
  { finish, text: given, calls, isRaw = false }: Given,
  { offered, isRepeated }: AnswerOptions,
): ReadAnswer {
  const end = endOf(finish);
  if (end === "filtered")
    throw new AttemptFailure("filtered", "the answer was stopped by the endpoint's content filter");
  if (end === "failed") throw new AttemptFailure("server", `the answer ended with "${finish}"`);
  const isCut = end === "cut";
  const spoken = isRaw ? withoutThoughts(given) : given;
  const { text, toolCalls } = offered.size === 0 ? { text: spoken, toolCalls: [] } : callsIn(spoken);
  if (toolCalls.some((call) => call.name === "")) {
    throw new AttemptFailure("garbled", "a tool call has no name");
  }
  if (toolCalls.length === 0 && text.trim() === "") {
    const reason = isCut ? "the output limit was reached before any text" : "the answer is empty";
    throw new AttemptFailure("empty", reason);
  }
  return { text, toolCalls, isCut };

  function callsIn(said: string): { text: string; toolCalls: LlmToolCall[] } {
    if (calls.length > 0 || !isRaw) return { text: said, toolCalls: withOwnIds(calls).map(named) };
    const written = readWrittenCalls(said, { offered, isRepeated });
    return {
      text: written.text,
      toolCalls: mostCalls(written.calls).map((call) => ({ id: newCallId(), ...call })),
    };
  }

  function named(call: LlmToolCall): LlmToolCall {
    return { ...call, name: offeredName(call.name, offered) };
  }
}

function withOwnIds(calls: LlmToolCall[]): LlmToolCall[] {
  const seen = new Set<string>();
  return calls.map((call) => {
    const id = call.id === "" || seen.has(call.id) ? newCallId() : call.id;
    seen.add(id);
    return { ...call, id };
  });
}
