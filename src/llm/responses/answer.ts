// Assembles the events of a streamed response, as OpenAI and the servers that imitate it send them.

import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { reportedFailure } from "../failure.ts";
import { type Fields, isObject, textOf } from "../fields.ts";
import { createLimits } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";
import { createSaid } from "../said.ts";
import { responsesUsage } from "../usage.ts";
import { endOf, readFinish } from "../wire/finish-reason.ts";
import { readAnswer } from "../wire/read-answer.ts";
import { createShown } from "../wire/shown.ts";
import { startsInThought } from "../wire/thoughts.ts";
import { createItems } from "./items.ts";

export function createAnswer(options: AnswerOptions): Answer {
  const { origin } = options;
  const limits = createLimits();
  const items = createItems(limits);
  let end: { status: string; response: Fields } | undefined;
  const said = createSaid();
  const hasReasoning = () => items.reasoning().some((before) => before.length > 0);
  const show = createShown(options, hasReasoning);

  /** Ends the answer; a response that was sent whole has its output here only. */
  function finishWith(status: string, response: Fields): string {
    end = { status: textOf(response.status) || status, response };
    const { output, output_text: said } = response;
    const rest = items.addRest(Array.isArray(output) ? output.filter(isObject) : []);
    // The packages make this field of the others, and some servers send nothing else.
    const isAll = items.text() === "" && typeof said === "string";
    return isAll ? items.addRest([{ type: "message", content: [{ type: "text", text: said }] }]) : rest;
  }

  const usage = () => (isObject(end?.response.usage) ? responsesUsage(end.response.usage) : null);

  function add(event: Fields): string {
    const type = textOf(event.type);
    const status = ENDS.get(type);
    if (status) return finishWith(status, isObject(event.response) ? event.response : {});
    if (type === "" && (event.object === "response" || Array.isArray(event.output))) {
      return finishWith("completed", event);
    }
    // It may also be a ping with words.
    if (type === "") said.add(event);
    return items.add(type, event);
  }

  return {
    add: (event) => show(isObject(event) ? add(event) : ""),
    startedInThought: () => (hasReasoning() ? undefined : startsInThought(items.text())),
    isFinished: () => end !== undefined,
    usage,
    finish() {
      if (!end) said.throwIfAny();
      if (!end) throw new AttemptFailure("cut", "the answer ended early");
      const { status, response } = end;
      if (status === "failed" || status === "cancelled") {
        throw reportedFailure(isObject(response.error) ? response.error : {});
      }
      const calls = items.calls();
      const answer = readAnswer(
        { finish: finishOf(status, response), text: items.text(), calls, hasThoughts: hasReasoning() },
        options,
      );
      const { toolCalls } = answer;
      const reasoning = items.reasoning();
      const first = reasoning[0] ?? [];
      return {
        ...answer,
        // Reasoning stands before the call that it led to; what came before the first call belongs to the message.
        toolCalls: toolCalls.map((call, at): LlmToolCall => {
          const own = at === 0 ? [] : (reasoning[at] ?? []);
          return own.length === 0
            ? call
            : { ...call, continuation: { model: origin, fields: { reasoning: own } } };
        }),
        usage: usage(),
        ...(toolCalls.length > 0 &&
          first.length > 0 && { continuation: { model: origin, fields: { reasoning: first } } }),
      };
    },
  };
}

const ENDS = new Map([
  ["response.completed", "completed"],
  // An older name, which some proxies use.
  ["response.done", "completed"],
  ["response.incomplete", "incomplete"],
  ["response.failed", "failed"],
  ["response.cancelled", "cancelled"],
]);

function finishOf(status: string, { incomplete_details: details }: Fields): string {
  const reason = isObject(details) ? readFinish(details.reason) : "";
  if (reason !== "" && endOf(reason) !== "whole") return reason;
  return status === "incomplete" ? "incomplete" : "stop";
}
