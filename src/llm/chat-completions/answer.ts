// Assembles the chunks of a streamed chat completion, in the dialects of many endpoints, and judges how it ended.

import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { reportedFailure } from "../failure.ts";
import { type Fields, isObject } from "../fields.ts";
import { createLimits, mostCalls } from "../limits.ts";
import type { LlmToolCall, LlmUsage } from "../llm.ts";
import { newCallId } from "../wire/call-ids.ts";
import { withoutThoughts } from "../wire/thoughts.ts";
import { readWrittenCalls } from "../wire/written-calls.ts";
import { deltaOf, piecesOf, readText, usageIn } from "./chunk.ts";
import { complaintIn } from "./complaint.ts";
import { endOf, readFinish } from "./finish-reason.ts";
import { createToolCalls } from "./tool-calls.ts";
import { offeredName } from "./tool-names.ts";

export function createAnswer({ origin, offered, isRepeated }: AnswerOptions): Answer {
  const texts: string[] = [];
  const calls = createToolCalls(origin);
  const reasoning = createReasoning();
  let usage: LlmUsage | null = null;
  let finish = "";
  let hasChoices = false;
  let said = "";
  const limits = createLimits();

  return {
    isFinished: () => finish !== "",

    add(chunk) {
      if (!isObject(chunk)) return "";
      usage = usageIn(chunk) ?? usage;
      if (!Array.isArray(chunk.choices)) {
        complainAbout(chunk);
        said ||= complaintIn(chunk);
        return "";
      }
      hasChoices ||= chunk.choices.length > 0;
      const [choice] = chunk.choices;
      if (!isObject(choice)) {
        said ||= complaintIn(chunk);
        return "";
      }
      finish = readFinish(choice.finish_reason) || finish;
      const delta = deltaOf(choice, texts.length > 0 || calls.count() > 0);
      for (const piece of piecesOf(delta)) {
        limits.count(calls.add(piece));
        limits.calls(calls.count());
      }
      limits.count(reasoning.add(delta));
      const text = readText(delta.content) || readText(delta.refusal);
      if (text !== "") texts.push(text);
      return limits.text(text);
    },

    finish() {
      if (finish === "" && said !== "") throw reportedFailure({ message: `the endpoint says: ${said}` });
      if (!hasChoices) throw new AttemptFailure("garbled", "the answer is not a chat completion");
      if (finish === "") throw new AttemptFailure("cut", "the answer ended early");
      const end = endOf(finish);
      if (end === "filtered") {
        throw new AttemptFailure("filtered", "the answer was stopped by the endpoint's content filter");
      }
      if (end === "failed") throw new AttemptFailure("server", `the answer ended with "${finish}"`);
      const isCut = end === "cut";
      const spoken = withoutThoughts(texts.join(""));
      const { text, toolCalls } = offered.size === 0 ? { text: spoken, toolCalls: [] } : callsOf(spoken);
      if (toolCalls.some((call) => call.name === "")) {
        throw new AttemptFailure("garbled", "a tool call has no name");
      }
      if (toolCalls.length === 0 && text.trim() === "") {
        const reason = isCut ? "the output limit was reached before any text" : "the answer is empty";
        throw new AttemptFailure("empty", reason);
      }
      const fields = reasoning.fields();
      const isWanted = toolCalls.length > 0 && Object.keys(fields).length > 0;
      return { text, toolCalls, usage, isCut, ...(isWanted && { continuation: { model: origin, fields } }) };
    },
  };

  function callsOf(spoken: string): { text: string; toolCalls: LlmToolCall[] } {
    const toolCalls = calls.finish().map((call) => ({ ...call, name: offeredName(call.name, offered) }));
    if (toolCalls.length > 0) return { text: spoken, toolCalls };
    const written = readWrittenCalls(spoken, { offered, isRepeated });
    return {
      text: written.text,
      toolCalls: mostCalls(written.calls).map((call) => ({ id: newCallId(), ...call })),
    };
  }
}

/** Keeps what models want back with their own calls, under the name under which it came. */
function createReasoning() {
  const texts = { reasoning_content: [] as string[], reasoning: [] as string[] };
  const details: unknown[] = [];
  return {
    /** Returns the number of characters. */
    add(delta: Fields): number {
      let size = 0;
      for (const name of ["reasoning_content", "reasoning"] as const) {
        const text = delta[name];
        if (typeof text !== "string" || text === "") continue;
        texts[name].push(text);
        size += text.length;
      }
      if (Array.isArray(delta.reasoning_details)) {
        for (const detail of delta.reasoning_details) details.push(detail);
        size += JSON.stringify(delta.reasoning_details).length;
      }
      return size;
    },
    fields(): Fields {
      const joined = Object.entries(texts).map(([name, parts]) => [name, parts.join("")]);
      const kept = joined.filter(([, text]) => text !== "");
      return { ...Object.fromEntries(kept), ...(details.length > 0 && { reasoning_details: details }) };
    },
  };
}

/** MiniMax's own form; what others say counts only if there is no answer, because it may be a ping. */
function complainAbout({ base_resp: base }: Fields): void {
  if (isObject(base) && base.status_code !== 0 && base.status_msg) {
    throw new AttemptFailure("server", `the endpoint says: ${base.status_msg}`);
  }
}
