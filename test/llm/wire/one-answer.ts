// One answer, whatever its body, read by one of the three adapters.

import { expect } from "bun:test";
import { getLogger } from "@logtape/logtape";
import type { LlmEvent } from "../../../src/llm/llm.ts";
import { createOpenAiLlm } from "../openai-llm.ts";

const SEARCH = { name: "search", description: "Searches.", parameters: { type: "object", properties: {} } };

export function startOneAnswer() {
  let body = "";
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  });
  return {
    stop: () => server.stop(true),
    /** What comes of an answer with this body: its text, its calls, or why it failed. */
    async resultOf(raw: string, adapter: Parameters<typeof createOpenAiLlm>[1]) {
      body = raw;
      const llm = createOpenAiLlm(
        {
          apiKey: "key",
          baseUrl: `${server.url.origin}/v1`,
          log: getLogger("heddle"),
          sleep: async () => undefined,
        },
        adapter,
      );
      const { signal } = new AbortController();
      const asked = { model: "m", fallbackModels: [], tools: [SEARCH], signal };
      const events: LlmEvent[] = [];
      try {
        const messages = [{ role: "user", content: "Hello" } as const];
        for await (const event of llm.stream({ ...asked, messages })) events.push(event);
      } catch (error) {
        return {
          failed: (error as Error).message,
          attempts: events.filter(({ type }) => type === "retry").length + 1,
        };
      }
      const done = events.find((event) => event.type === "done");
      const streamed = events.map((event) => (event.type === "text" ? event.text : "")).join("");
      const calls = done?.toolCalls.map((call) => [call.name, call.arguments]);
      return { streamed, text: done?.text, calls, isCut: done?.isCut, usage: done?.usage };
    },
  };
}

export const says = (text: string, isCut = false) => ({ streamed: text, text, calls: [], isCut });
export const calls = (...made: string[][]) => ({ streamed: "", text: "", calls: made, isCut: false });
export const fails = (reason: string, attempts = 4) => ({
  failed: expect.stringContaining(reason),
  attempts,
});
/** Events of a stream, one for each value. */
export const data = (...events: unknown[]) =>
  events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
