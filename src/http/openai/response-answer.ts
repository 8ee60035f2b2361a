// Writes what a run has answered as a response: whole, as events, or later, by its id.

import type { Outcome, Usage } from "../../chat/outcome.ts";
import type { ResponseRequest } from "./responses.ts";

interface Frame {
  request: Pick<ResponseRequest, "botId" | "isOneCall" | "previousResponse" | "echoed">;
  created: number;
}

interface Facts {
  id: string;
  status: string;
  output: object[];
  usage: object | null;
  error?: { code: string; message: string };
}

/** A run that went on after results of tools has several responses. */
const responseId = ({ task_id, attempt }: Outcome): string =>
  `resp_${task_id.replaceAll("-", "")}_${attempt}`;

function responseObject({ request, created }: Frame, facts: Facts) {
  return {
    object: "response",
    // The conversation is kept, whatever the request says.
    store: true,
    created_at: created,
    error: null,
    incomplete_details: facts.status === "incomplete" ? { reason: "max_output_tokens" } : null,
    model: request.botId,
    parallel_tool_calls: !request.isOneCall,
    previous_response_id: request.previousResponse,
    temperature: null,
    top_p: null,
    ...request.echoed,
    ...facts,
  };
}

const statusOf = ({ is_cut }: Outcome) => (is_cut ? "incomplete" : "completed");

const messageItem = (id: string, text: string, status = "completed") => ({
  type: "message",
  id: `msg_${id}`,
  status,
  role: "assistant",
  content: status === "in_progress" ? [] : [{ type: "output_text", text, annotations: [] }],
});

const callItem = ({ id, name, arguments: args }: Outcome["client_calls"][number]) => ({
  type: "function_call",
  id: `fc_${id.slice("call_".length)}`,
  call_id: id,
  name,
  arguments: args,
  status: "completed",
});

export function responseAnswer(frame: Frame, outcome: Outcome, usage: Usage, text: string) {
  const said = outcome.status === "waiting" ? text : (outcome.text ?? "");
  const id = responseId(outcome);
  const status = statusOf(outcome);
  return responseObject(frame, {
    id,
    status,
    output: [...(said === "" ? [] : [messageItem(id, said, status)]), ...outcome.client_calls.map(callItem)],
    usage: usageOf(usage),
  });
}

/** What has become of a run, under an id of one of its responses. Of the request, only its model is known. */
export function storedResponse(id: string, outcome: Outcome, text: string) {
  const request = { botId: outcome.bot_id, previousResponse: null, echoed: NOT_KNOWN };
  const frame = { request, created: Math.floor(outcome.created_at.getTime() / 1000) };
  const { status, client_calls, error, error_code } = outcome;
  if (status === "complete" || client_calls.length > 0)
    return { ...responseAnswer(frame, outcome, outcome.usage, text), id };
  return responseObject(frame, {
    id,
    status: UNFINISHED[status] ?? "in_progress",
    output: [],
    usage: null,
    ...(status === "failed" && {
      error: { code: error_code ?? "server_error", message: error ?? "The run failed." },
    }),
  });
}

const NOT_KNOWN = { instructions: null, metadata: {}, tools: [], tool_choice: "auto" };
const UNFINISHED: Partial<Record<Outcome["status"], string>> = {
  pending: "queued",
  failed: "failed",
  cancelled: "cancelled",
};

const usageOf = ({ prompt_tokens, completion_tokens, total_tokens, cached_input_tokens }: Usage) => ({
  input_tokens: prompt_tokens,
  input_tokens_details: { cached_tokens: cached_input_tokens },
  output_tokens: completion_tokens,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens,
});

/** Turns a run's events into the events of a streamed response. */
export function createResponseEvents(frame: Frame, run: Outcome) {
  const id = responseId(run);
  const item = { item_id: `msg_${id}`, output_index: 0, content_index: 0 };
  let number = 0;
  let said = "";
  const event = (type: string, fields: object) => ({ type, sequence_number: number++, ...fields });
  const open = (status: string) => responseObject(frame, { id, status, output: [], usage: null });
  return {
    begin: () => [
      event("response.created", { response: open("in_progress") }),
      event("response.in_progress", { response: open("in_progress") }),
    ],
    text(text: string): object[] {
      const first =
        said === ""
          ? [
              event("response.output_item.added", {
                output_index: 0,
                item: messageItem(id, "", "in_progress"),
              }),
              event("response.content_part.added", {
                ...item,
                part: { type: "output_text", text: "", annotations: [] },
              }),
            ]
          : [];
      said += text;
      return [...first, event("response.output_text.delta", { ...item, delta: text, logprobs: [] })];
    },
    end(outcome: Outcome, usage: Usage): object[] {
      const events: object[] = [];
      const status = statusOf(outcome);
      if (said !== "") {
        const whole = messageItem(id, said, status);
        events.push(
          event("response.output_text.done", { ...item, text: said, logprobs: [] }),
          event("response.content_part.done", { ...item, part: whole.content[0] }),
          event("response.output_item.done", { output_index: 0, item: whole }),
        );
      }
      for (const [at, call] of outcome.client_calls.entries()) {
        const done = callItem(call);
        const place = { item_id: done.id, output_index: at + (said === "" ? 0 : 1) };
        events.push(
          event("response.output_item.added", {
            output_index: place.output_index,
            item: { ...done, arguments: "", status: "in_progress" },
          }),
          event("response.function_call_arguments.delta", { ...place, delta: done.arguments }),
          event("response.function_call_arguments.done", {
            ...place,
            name: done.name,
            arguments: done.arguments,
          }),
          event("response.output_item.done", { output_index: place.output_index, item: done }),
        );
      }
      const answer = responseAnswer(frame, outcome, usage, said);
      const message = said === "" ? [] : [messageItem(id, said, status)];
      const output = [...message, ...outcome.client_calls.map(callItem)];
      return [...events, event(`response.${status}`, { response: { ...answer, id, output } })];
    },
    failed: (code: string, message: string) => [
      event("response.failed", { response: { ...open("failed"), error: { code, message } } }),
    ],
  };
}
