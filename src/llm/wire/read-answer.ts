// Judges an answer by how it ended, and finds the calls in it. The same for every protocol: servers of all kinds speak each of them.

import type { AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { mostCalls } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";
import { newCallId } from "./call-ids.ts";
import { endOf } from "./finish-reason.ts";
import { withoutStopMarks } from "./stop-marks.ts";
import { withoutThoughts } from "./thoughts.ts";
import { offeredName } from "./tool-names.ts";
import { readHarmony } from "./written/harmony.ts";
import type { WrittenCall } from "./written/written-call.ts";
import { knownCalls, readWrittenCalls } from "./written/written-calls.ts";

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
  /** Thoughts came apart from the text. */
  hasThoughts?: boolean;
}

/** Throws an AttemptFailure for an answer that was filtered, failed or is empty, or a call without a name. */
export function readAnswer(
  { finish, text: given, calls, hasThoughts }: Given,
  options: AnswerOptions,
): ReadAnswer {
  const { offered } = options;
  const end = endOf(finish);
  if (end === "filtered")
    throw new AttemptFailure("filtered", "the answer was stopped by the endpoint's content filter");
  if (end === "failed") throw new AttemptFailure("server", `the answer ended with "${finish}"`);
  const isCut = end === "cut";
  const { text, written } = readRaw(given, options);
  const made = calls.length > 0 ? withOwnIds(calls) : mostCalls(written).map(withNewId);
  const toolCalls =
    offered.size === 0 ? [] : made.map((call) => ({ ...call, name: offeredName(call.name, offered) }));
  if (toolCalls.some((call) => call.name === "")) {
    throw new AttemptFailure("garbled", "a tool call has no name");
  }
  if (toolCalls.length === 0 && text.trim() === "") {
    throw new AttemptFailure("empty", emptyReason(), { isCall: made.length > 0 });
  }
  return { text, toolCalls, isCut };

  function emptyReason(): string {
    if (isCut) return "the output limit was reached before any text";
    if (made.length > 0) return "the answer is a tool call, though none may be made";
    const isThought = hasThoughts || (given.trim() !== "" && withoutThoughts(given) === "");
    return isThought ? "the answer is empty: the model has only thought" : "the answer is empty";
  }
}

/** What the model said and called: servers of open models leave thoughts and calls that they do not understand in the text. */
function readRaw(
  given: string,
  { offered, tools = new Map(), isRepeated }: AnswerOptions,
): { text: string; written: WrittenCall[] } {
  const harmony = readHarmony(given);
  const spoken = withoutStopMarks(withoutThoughts(harmony?.text ?? given));
  const known = new Set([...offered, ...tools.keys()]);
  // What a model writes about the calls of others is an answer.
  if (known.size === 0) return { text: spoken, written: [] };
  const options = { offered: known, isRepeated, schemaOf: (name: string) => tools.get(name) };
  if (!harmony) {
    const { text, calls } = readWrittenCalls(spoken, options);
    return { text, written: calls };
  }
  return { text: spoken, written: knownCalls(harmony.calls, options) };
}

const withNewId = (call: WrittenCall): LlmToolCall => ({ id: newCallId(), ...call });

function withOwnIds(calls: LlmToolCall[]): LlmToolCall[] {
  const seen = new Set<string>();
  return calls.map((call) => {
    const id = call.id === "" || seen.has(call.id) ? newCallId() : call.id;
    seen.add(id);
    return { ...call, id };
  });
}
