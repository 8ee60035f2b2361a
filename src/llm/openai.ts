// Talks to models behind any OpenAI-compatible endpoint, using streamed chat completions.

import { setImmediate } from "node:timers/promises";
import type OpenAI from "openai";
import type { ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources/chat/completions";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import { idleTimeout } from "../within.ts";
import { throwIfAborted } from "./abort.ts";
import { type AttemptEvent, AttemptFailure } from "./attempt.ts";
import { argumentsWithoutControlTokens, withoutControlTokens } from "./control-tokens.ts";
import { createFallback } from "./fallback.ts";
import type { Llm, LlmMessage, LlmRequest, LlmTool } from "./llm.ts";
import { createOpenAiClient } from "./openai-client.ts";
import { createCompletion } from "./openai-completion.ts";
import { toFailure } from "./openai-failure.ts";
import { type Sleep, sleepUnlessAborted } from "./retry.ts";

export interface OpenAiOptions {
  /** Undefined for endpoints without authentication; no Authorization header is sent then. */
  apiKey: string | undefined;
  /** Including the version; "https://api.openai.com/v1" if undefined. */
  baseUrl: string | undefined;
  log: Logger;
  /** Applied to the endpoint's error messages. */
  redact?: Redact;
  /** Maximum wait for the response headers and between two chunks. Default: 120 s. */
  timeoutMs?: number;
  /** Used to wait between attempts. */
  sleep?: Sleep;
  /** Clock in milliseconds, for durations and cool-downs. */
  now?: () => number;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
}

const TIMEOUT_MS = 120_000;
const CHUNKS_PER_TURN = 256;

/** Creates the provider "openai": it retries, falls back to other models, and puts failed models into cool-down. */
export function createOpenAiLlm(options: OpenAiOptions): Llm {
  const { log, redact = (text) => text, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  const client = createOpenAiClient({ ...options, timeoutMs });
  const fallback = createFallback({
    log,
    now,
    sleep: options.sleep ?? sleepUnlessAborted,
    random: options.random ?? Math.random,
  });
  return {
    provider: "openai",
    firstModel: fallback.firstModel,
    stream: (request) =>
      fallback.stream(request, (model) => attempt({ client, request, model, timeoutMs, hide: redact, now })),
  };
}

interface AttemptOptions {
  client: OpenAI;
  request: LlmRequest;
  model: string;
  timeoutMs: number;
  hide: Redact;
  now: () => number;
}

async function* attempt(options: AttemptOptions): AsyncGenerator<AttemptEvent> {
  const { client, request, model, timeoutMs, hide, now } = options;
  throwIfAborted(request.signal);
  const stall = idleTimeout(timeoutMs);
  stall.restart();
  const completion = createCompletion(request.tools.length > 0);
  try {
    const stream = await client.chat.completions.create(
      {
        model,
        messages: request.messages.map(toWireMessage),
        stream: true,
        stream_options: { include_usage: true },
        ...(request.tools.length > 0 ? { tools: request.tools.map(toWireTool) } : {}),
      },
      { signal: AbortSignal.any([request.signal, stall.signal]) },
    );
    let chunks = 0;
    for await (const chunk of stream) {
      const text = completion.add(chunk);
      if (text !== "") yield { type: "text", text };
      stall.restart();
      // Buffered chunks are delivered without yielding to the event loop, so yield to other work now and then.
      if (++chunks % CHUNKS_PER_TURN === 0) await setImmediate();
    }
  } catch (error) {
    throwIfAborted(request.signal);
    if (stall.signal.aborted) throw stalled(timeoutMs);
    throw error instanceof AttemptFailure ? error : toFailure(error, { hide, now: now() });
  } finally {
    stall.stop();
  }
  // The SDK ends an aborted stream as if it were complete.
  throwIfAborted(request.signal);
  if (stall.signal.aborted) throw stalled(timeoutMs);
  yield { type: "done", ...completion.finish() };
}

function stalled(timeoutMs: number): AttemptFailure {
  return new AttemptFailure("timeout", `nothing was received for ${Math.round(timeoutMs / 1000)} s`);
}

/**
 * Converts a message for the endpoint. Text from strangers can appear anywhere in a conversation, and through tools and
 * documents even in the model's own messages.
 */
function toWireMessage(message: LlmMessage): ChatCompletionMessageParam {
  const content = withoutControlTokens(message.content);
  if (message.role === "tool") return { role: "tool", content, tool_call_id: message.tool_call_id };
  if (message.role !== "assistant" || !message.tool_calls?.length) return { role: message.role, content };
  return {
    role: "assistant",
    // Several endpoints reject an empty text together with tool calls.
    content: content === "" ? null : content,
    tool_calls: message.tool_calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: argumentsWithoutControlTokens(call.arguments) },
    })),
  };
}

function toWireTool(tool: LlmTool): ChatCompletionTool {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: tool.parameters },
  };
}
