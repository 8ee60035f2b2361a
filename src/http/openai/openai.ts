// The OpenAI-compatible API: any client of OpenAI's chats with a bot, which it names as the model.

import { BODY_WITH_FILES_LIMIT } from "../../attachments/attachment.ts";
import type { Chat } from "../../chat/chat.ts";
import { type AskOptions, createAsk, type OpenAiRun } from "../../chat/openai/ask.ts";
import type { Asked } from "../../chat/openai/conversation.ts";
import type { Outcome, Usage } from "../../chat/outcome.ts";
import type { Bots } from "../../content/bots/bots.ts";
import { HeddleError, isErrorCode } from "../../errors.ts";
import { newId } from "../../ids.ts";
import type { Logger } from "../../log.ts";
import { hopsIn } from "../../sdk/hops.ts";
import type { Embeddings } from "../../search/embedder.ts";
import { REQUEST_ID } from "../answer-headers.ts";
import { eventStream, type StreamEvent } from "../api/event-stream.ts";
import { readJson } from "../api/json-body.ts";
import type { LargeBodies } from "../api/large-bodies.ts";
import type { Ownership } from "../api/ownership.ts";
import { type Auth, senderName } from "../auth.ts";
import { answerOpenAiError, errorBody } from "./answer-error.ts";
import { completionAnswer, completionFrame, createCompletionChunks, readCompletion } from "./completions.ts";
import { embeddingsAnswer, readEmbeddingsRequest } from "./embeddings.ts";
import { createResponseEvents, responseAnswer } from "./response-answer.ts";
import { readResponseRequest } from "./responses.ts";
import { createSaidText } from "./said-text.ts";
import { createStored, isStoredPath, type StoredOptions } from "./stored.ts";

export interface OpenAiOptions {
  chat: Chat;
  ask: AskOptions;
  tasks: StoredOptions["tasks"];
  bots: Pick<Bots, "list" | "exists">;
  embeddings: Embeddings;
  ownership: Ownership;
  largeBodies: LargeBodies;
  auth: Auth;
  log: Logger;
  /** Aborted when the server stops. */
  signal: AbortSignal;
}

/** A run that is longer ends its request; it goes on, but the client cannot come back to it. */
const MOST_WAIT_MS = 240_000;
const OUTPUT_SCHEMA = "execution_config.output_schema";

export const isOpenAiPath = (path: string): boolean => path.startsWith("/v1/");

export function createOpenAi(options: OpenAiOptions): (request: Request, path: string) => Promise<Response> {
  const { chat, bots, auth, ownership, largeBodies, log, signal } = options;
  const ask = createAsk(options.ask);
  /** Requests that have a run. */
  const begun = new WeakSet<Request>();
  const stored = createStored(options);

  const bodyOf = async (request: Request): Promise<unknown> => {
    const limit = BODY_WITH_FILES_LIMIT;
    const sender = senderName(await auth.authenticate(request));
    return readJson(request, limit, largeBodies.lease(request, { sender, limit }));
  };

  const begin = async (request: Request, asked: Asked, field: "messages" | "input"): Promise<OpenAiRun> => {
    if (!(await bots.exists(asked.botId))) {
      throw new HeddleError(
        "not_found",
        `There is no model "${asked.botId}": a model is a bot, see GET /v1/models.`,
        {
          field: "model",
        },
      );
    }
    const reach = await ownership.reachOf(request);
    const { integrationId } = await auth.authenticate(request);
    const owner = reach?.owner ?? null;
    const run = await ask(asked, {
      sender: { fromPerson: integrationId === null, hops: hopsIn(request.headers), owner },
      scope: `openai ${owner ?? "operator"}`,
      reaches: (id) => ownership.reachesSession(request, id),
      mayUse: (clientId) => ownership.clientId(request, clientId),
    }).catch((error: unknown) => {
      throw error instanceof HeddleError ? asAsked(error, field) : error;
    });
    // The answer may take minutes.
    largeBodies.leave(request);
    begun.add(request);
    return run;
  };

  const formatOf = { messages: "response_format", input: "text.format" } as const;

  /** Names what is wrong as the request does. */
  function asAsked(error: HeddleError, field: "messages" | "input"): HeddleError {
    const { code, message, field: own = "" } = error;
    if (own.startsWith("attachments")) return new HeddleError(code, message, { field, cause: error });
    if (!own.startsWith(OUTPUT_SCHEMA)) return error;
    const told = message.replace(OUTPUT_SCHEMA, formatOf[field]);
    return new HeddleError(code, told, { field: formatOf[field], cause: error });
  }

  const routes: Record<string, (request: Request) => Promise<Response>> = {
    async "POST /v1/chat/completions"(request) {
      await auth.authorize(request, "chat:write");
      const asked = readCompletion(await bodyOf(request));
      const run = await begin(request, asked, "messages");
      const frame = completionFrame(run.taskId, asked.botId, seconds());
      if (asked.isStream) {
        const isWhole = isJudged(asked);
        return stream(run, request, createCompletionChunks(frame, asked), { isWhole, last: "[DONE]" });
      }
      const { outcome, usage, text } = await whole(run);
      return Response.json(completionAnswer(frame, outcome, usage, text));
    },
    async "POST /v1/responses"(request) {
      await auth.authorize(request, "chat:write");
      const asked = readResponseRequest(await bodyOf(request));
      const run = await begin(request, asked, "input");
      const frame = { request: asked, created: seconds() };
      if (asked.isStream) {
        const outcome = await chat.outcome(run.taskId);
        const isWhole = isJudged(asked);
        return stream(run, request, createResponseEvents(frame, outcome), { isWhole });
      }
      const { outcome, usage, text } = await whole(run);
      return Response.json(responseAnswer(frame, outcome, usage, text));
    },
    async "POST /v1/embeddings"(request) {
      await auth.authorize(request, "documents:read");
      const wanted = readEmbeddingsRequest(await readJson(request));
      return Response.json(await embeddingsAnswer(wanted, options.embeddings, signal));
    },
    async "GET /v1/models"(request) {
      await auth.authorize(request, "bots:read");
      const data = (await bots.list()).map(modelOf);
      return Response.json({ object: "list", data });
    },
    async "GET /v1/models/*"(request) {
      await auth.authorize(request, "bots:read");
      const id = decodeURIComponent(new URL(request.url).pathname.slice("/v1/models/".length));
      const bot = (await bots.list()).find((one) => one.id === id);
      if (!bot) throw new HeddleError("not_found", `There is no model "${id}".`, { field: "model" });
      return Response.json(modelOf(bot));
    },
  };

  /** Waits for the end. Throws what the run failed with. */
  async function whole(run: OpenAiRun): Promise<{ outcome: Outcome; usage: Usage; text: string }> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(MOST_WAIT_MS)]);
    let text = "";
    for await (const steps of chat.follow(run.taskId, { from: run.from, signal: limit })) {
      for (const { event } of steps) {
        if (event.type === "assistant_text") text = event.text;
        if (!("outcome" in event)) continue;
        const { outcome } = event;
        if (event.type === "error" || event.type === "cancelled") throw failureOf(outcome);
        await run.ended(outcome, outcome.status === "waiting" ? text : (outcome.text ?? ""));
        return { outcome, usage: since(outcome.usage, run.usedBefore), text };
      }
    }
    throw new HeddleError(
      "timeout",
      `The run takes longer than a request may; task ${run.taskId} goes on. Use stream: true.`,
    );
  }

  interface Written {
    begin(): object[];
    text(text: string): object[];
    end(outcome: Outcome, usage: Usage): object[];
    failed?(code: string, message: string): object[];
  }

  interface StreamOptions {
    /** See `createSaidText`. */
    isWhole: boolean;
    /** What is sent behind the last event. */
    last?: string;
  }

  function stream(run: OpenAiRun, request: Request, written: Written, options: StreamOptions): Response {
    const { isWhole, last } = options;
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    async function* batches(): AsyncGenerator<StreamEvent[], undefined> {
      yield written.begin().map(line);
      const text = createSaidText(written.text, isWhole);
      for await (const steps of chat.follow(run.taskId, { from: run.from, signal: ended })) {
        const lines: object[] = [];
        for (const { event } of steps) {
          if (event.type === "text_delta") lines.push(...text.add(event.text));
          else if (event.type === "assistant_text") text.tools(event.text);
          else if (event.type === "text_reset" && !isWhole) {
            const message =
              "The model's answer broke off and begins anew, which this stream cannot show; ask again.";
            return yield failed(new HeddleError("upstream", message), written).map(line);
          } else if (event.type === "error" || event.type === "cancelled") {
            return yield failed(failureOf(event.outcome), written).map(line);
          } else if ("outcome" in event) {
            lines.push(...text.end(event.outcome));
            await run.ended(event.outcome, text.said());
            lines.push(...written.end(event.outcome, since(event.outcome.usage, run.usedBefore)));
          }
        }
        if (lines.length > 0) yield lines.map(line);
      }
      if (last !== undefined && !ended.aborted) yield [{ data: last }];
      return undefined;
    }
    return eventStream({
      batches: batches(),
      signal,
      validity: auth.validityOf(request),
      onEnd: () => stop.abort(),
      onBreak: (error) => log.warning("A streamed answer was cut off: {error}", { error }),
    });
  }

  return async (request, path) => {
    const requestId = newId();
    const name = `${request.method} ${path.startsWith("/v1/models/") ? "/v1/models/*" : path}`;
    const answer = await answerOrError();
    answer.headers.set(REQUEST_ID, requestId);
    return answer;

    async function answerOrError(): Promise<Response> {
      try {
        await auth.authenticate(request);
        if (isStoredPath(path)) return await stored(request, path);
        const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
        if (!route) throw new HeddleError("not_found", `There is no route ${name}.`);
        return await route(request);
      } catch (error) {
        const answer = await answerOpenAiError(error, { requestId, method: request.method, path }, log);
        // Clients ask again by themselves after such an error, which would be another run with all that it does.
        if (begun.has(request)) answer.headers.set("x-should-retry", "false");
        return answer;
      }
    }
  };
}

/** What the model writes may be the wrong answer: it is sent when the run has ended. */
const isJudged = ({ outputSchema, mustCall }: Asked): boolean =>
  outputSchema !== undefined || mustCall !== undefined;

const seconds = () => Math.floor(Date.now() / 1000);

const modelOf = ({ id, created_at }: { id: string; created_at: Date }) => ({
  id,
  object: "model",
  created: Math.floor(created_at.getTime() / 1000),
  owned_by: "heddle",
});

/** The official client reads the kind of an event from its data and its name. */
function line(data: object): StreamEvent {
  const { type } = data as { type?: unknown };
  return { data, ...(typeof type === "string" && { event: type }) };
}

function failureOf({ error_code, error, task_id, status }: Outcome): HeddleError {
  const code = isErrorCode(error_code) ? error_code : "upstream";
  return new HeddleError(code, `${error ?? `The run is ${status}.`} (task ${task_id})`);
}

function failed(error: HeddleError, written: { failed?(code: string, message: string): object[] }): object[] {
  return (
    written.failed?.(error.code, error.message) ?? [
      errorBody(error.status, { code: error.code, message: error.message }),
    ]
  );
}

function since(usage: Usage, before: Usage | null): Usage {
  if (!before) return usage;
  const cost = usage.cost_usd === null || before.cost_usd === null ? null : usage.cost_usd - before.cost_usd;
  return {
    prompt_tokens: usage.prompt_tokens - before.prompt_tokens,
    cached_input_tokens: usage.cached_input_tokens - before.cached_input_tokens,
    completion_tokens: usage.completion_tokens - before.completion_tokens,
    total_tokens: usage.total_tokens - before.total_tokens,
    cost_usd: cost,
  };
}
