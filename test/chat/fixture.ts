// The HTTP API with a worker whose model follows a script that the test controls.

import type { Tool } from "../../src/agent/tools/registry.ts";
import type { Llm, LlmEvent, LlmRequest, LlmToolCall } from "../../src/llm/llm.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver } from "../agent/fixture.ts";
import type { TestDatabase } from "../database.ts";
import { readEvents } from "../events/sse.ts";
import { createHttpFixture, STATIC_KEY } from "../http/fixture.ts";

export type Answer =
  /** Pieces of text, or what to wait for between them. */
  | (string | Promise<unknown> | { retry: string })[]
  | { text?: string; calls: LlmToolCall[] }
  /** A text that the output limit cut. */
  | { cut: string }
  | Error;

/** A model that answers with what `script` returns. */
export function liveLlm(
  script: (request: LlmRequest) => Answer | Promise<Answer>,
): Llm & { requests: LlmRequest[] } {
  const requests: LlmRequest[] = [];
  return {
    provider: "scripted",
    requests,
    async *stream(request): AsyncGenerator<LlmEvent> {
      requests.push({ ...request, messages: [...request.messages] });
      const answer = await script(request);
      if (answer instanceof Error) throw answer;
      const isCut = "cut" in answer;
      const pieces = Array.isArray(answer) ? answer : [isCut ? answer.cut : (answer.text ?? "")];
      let text = "";
      for (const piece of pieces) {
        if (typeof piece === "string") {
          text += piece;
          if (piece !== "") yield { type: "text", text: piece };
        } else if ("retry" in piece) {
          text = "";
          yield { type: "retry", reason: piece.retry, model: request.model, delayMs: 0 };
        } else {
          const { promise, reject } = Promise.withResolvers<never>();
          const stop = () => reject(request.signal.reason);
          request.signal.addEventListener("abort", stop, { once: true });
          if (request.signal.aborted) stop();
          // The architecture's rule against races is for src/.
          await Promise.race([piece, promise]).finally(() =>
            request.signal.removeEventListener("abort", stop),
          );
        }
      }
      yield {
        type: "done",
        text,
        toolCalls: "calls" in answer ? answer.calls : [],
        ...(isCut && { isCut }),
        usage: { prompt_tokens: 10, completion_tokens: 2, cached_input_tokens: 4, cache_write_tokens: 0 },
        model: request.model,
        costUsd: 0.25,
        fallbackUsed: false,
        durationMs: 5,
      };
    },
  };
}

export async function chatFixture(
  db: TestDatabase,
  llm: Llm,
  { tools = [], concurrency = 4 }: { tools?: Tool[]; concurrency?: number } = {},
) {
  const http = await createHttpFixture(db);
  await http.bots.update("default", { tools: ["*"] });
  const { agent } = agentOver(db, llm, { tools, stage: http.events, decide: http.policies.decide });
  const start = () =>
    createWorker({
      ...http,
      agent,
      redact: (text) => text,
      onCommit: http.events.committed,
      concurrency,
      maxRunSeconds: 60,
      maxUnattendedRuns: 30,
      stopGraceMs: 0,
    });
  const worker = start();
  db.beforeClose(worker.close);
  const stream = async (path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await http.fetch(
      new Request(`http://localhost${path}`, {
        method: body ? "POST" : "GET",
        headers: { authorization: `Bearer ${STATIC_KEY}`, "content-type": "application/json", ...headers },
        ...(body && { body: JSON.stringify(body) }),
      }),
    );
    return Object.assign(readEvents(response), { response });
  };
  return { ...http, worker, start, stream };
}

/** The text of the user's messages that a model was sent last. */
export const askedIn = ({ messages }: LlmRequest): string =>
  messages
    .filter(({ role }) => role === "user")
    // Without the marks around what strangers wrote.
    .map(({ content }) => content.replace(/^\[outside \w+\]\n|\n\[\/outside \w+\]$/g, ""))
    .join(" | ");
