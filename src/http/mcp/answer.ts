// What the MCP server answers: tools of integrations, and bots to ask.

import {
  type CallToolResult,
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  type RequestId,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Caller } from "../../access/caller.ts";
import type { Chat } from "../../chat/chat.ts";
import { type AskOptions, createAsk } from "../../chat/openai/ask.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import { ledBy } from "../../hops.ts";
import { newId } from "../../ids.ts";
import type { Logger } from "../../log.ts";
import { hopsIn } from "../../sdk/hops.ts";
import type { JsonObject, ToolAnnotations } from "../../sdk/types.ts";
import type { Tasks } from "../../sessions/tasks.ts";
import { within } from "../../within.ts";
import type { Ownership } from "../api/ownership.ts";
import type { Auth } from "../auth.ts";
import { ASK_PARAMETERS, CANCELLED, createAskBot } from "./ask-bot.ts";
import { createCalls, nameOfCall, SESSION_HEADER } from "./calls.ts";
import { type McpBot, type McpTool, type Offer, offeredTo } from "./offered.ts";

export interface AnsweringOptions {
  version: string;
  tools: { list(): McpTool[] };
  /** Resolves when the integrations have been loaded for the first time. */
  whenLoaded: Promise<unknown>;
  bots: { list(): Promise<McpBot[]> };
  /** Calls a tool under the policies, until `cancelled`. Throws for arguments that do not fit. */
  callTool(
    name: string,
    args: JsonObject,
    cancelled: AbortSignal,
  ): Promise<{ content: string; error: string | null }>;
  chat: Chat;
  tasks: Pick<Tasks, "cancel" | "openIds">;
  ask: AskOptions;
  ownership: Pick<Ownership, "reachOf" | "reachesSession" | "clientId" | "task">;
  auth: Auth;
  log: Logger;
  /** Aborted when the server stops. */
  signal: AbortSignal;
}

/** Clients connect when they start, perhaps together with Heddle, and some never ask for the list again. */
const MOST_LOADING_MS = 20_000;
/** How long a client may keep the list of tools. */
const LIST_LIFE_MS = 60_000;

/** A call, as its client made it. */
interface Made {
  name: string;
  args: JsonObject;
  ctx: ServerContext;
  /** Undefined for one that no notification can name. */
  callId: string | undefined;
  /** Aborted when the client wants no answer any more, and no work for it. */
  cancelled: AbortSignal;
}

/** `body`: the request's, read already; undefined for one without. */
export type Answering = (request: Request, body: unknown) => Promise<Response>;

export function createAnswering(options: AnsweringOptions): Answering {
  const { version, tools, whenLoaded, bots, callTool, chat, tasks, ownership, auth, log, signal } = options;
  const askBot = createAskBot({ chat, tasks, ask: createAsk(options.ask) });
  const calls = createCalls();

  async function offersFor(caller: Caller): Promise<Map<string, Offer>> {
    await within(MOST_LOADING_MS, whenLoaded, { signal }).catch(() => undefined);
    return offeredTo(caller, tools.list(), await bots.list());
  }

  async function ask(request: Request, bot: McpBot, made: Made): Promise<CallToolResult> {
    const { args, ctx, callId, cancelled } = made;
    const { integrationId } = await auth.authenticate(request);
    const owner = (await ownership.reachOf(request))?.owner ?? null;
    const { text, taskId } = await askBot({
      botId: bot.id,
      args,
      sender: { fromPerson: integrationId === null, hops: hopsIn(request.headers), owner },
      reaches: (id) => ownership.reachesSession(request, id),
      mayUse: (clientId) => ownership.clientId(request, clientId),
      mayContinue: (id) => ownership.task(request, id),
      callId,
      cancelled,
      stopped: signal,
      gone: ctx.mcpReq.signal,
      onProgress: progressTo(ctx),
    });
    return {
      content: [textOf(text)],
      // For clients that go on with the conversation; models read it as a second text.
      structuredContent: { answer: text, continue_from: taskId },
    };
  }

  async function call(request: Request, made: Made): Promise<CallToolResult> {
    const { name, args, cancelled } = made;
    const caller = await auth.authenticate(request);
    const offer = (await offersFor(caller)).get(name);
    if (!offer) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `There is no tool "${name}", or the API key has no scope for it.`,
      );
    }
    log.info("{tool} was called over MCP by {who}", { tool: name, who: caller.name });
    try {
      if (offer.kind === "bot") return await ask(request, offer.bot, made);
      // What the tool sends follows from the caller's runs.
      const { content, error } = await ledBy(hopsIn(request.headers), () =>
        callTool(offer.tool.name, args, cancelled),
      );
      return { content: [textOf(content)], ...(error !== null && { isError: true }) };
    } catch (error) {
      // Anything else is a fault of Heddle's, of which a stranger learns nothing.
      if (!(error instanceof HeddleError)) throw error;
      return { content: [textOf(errorMessage(error))], isError: true };
    }
  }

  async function nameOf(request: Request, id: RequestId): Promise<string | undefined> {
    const owner = (await ownership.reachOf(request))?.owner ?? null;
    return nameOfCall(owner, request.headers.get(SESSION_HEADER), id);
  }

  /** Ends a call of the older protocol, in this process or, if it asked a bot, wherever its run is. */
  async function cancel(request: Request, id: RequestId | undefined): Promise<void> {
    const callId = id === undefined ? undefined : await nameOf(request, id);
    if (callId === undefined || calls.cancel(callId)) return;
    for (const run of await tasks.openIds({ source: "mcp", mcp_call: callId, limit: 10 })) {
      await tasks.cancel(run, CANCELLED);
    }
  }

  function serverFor(request: Request, isModern: boolean): Server {
    const server = new Server({ name: "heddle", version }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", async () => {
      const offers = await offersFor(await auth.authenticate(request));
      return {
        tools: [...offers].map(([name, offer]) => listed(name, offer)),
        ttlMs: LIST_LIFE_MS,
        cacheScope: "private",
      };
    });
    server.setRequestHandler("tools/call", async ({ params }, ctx) => {
      const made = { name: params.name, args: (params.arguments ?? {}) as JsonObject, ctx };
      // In the newer protocol a client cancels a call by closing its connection, in the older one this means nothing.
      if (isModern) return call(request, { ...made, callId: undefined, cancelled: ctx.mcpReq.signal });
      const callId = await nameOf(request, ctx.mcpReq.id);
      const going = calls.begin(callId);
      // A cancelled call is not answered.
      going.signal.addEventListener("abort", () => void server.close().catch(() => undefined));
      return call(request, { ...made, callId, cancelled: going.signal }).finally(going.end);
    });
    if (!isModern) {
      server.setNotificationHandler("notifications/cancelled", ({ params }) =>
        cancel(request, params.requestId),
      );
    }
    return server;
  }

  return async (request, body) => {
    const method = methodOf(body);
    // One for each request, since what it offers depends on the key.
    const handler = createMcpHandler(({ era }) => serverFor(request, era === "modern"), {
      onerror: (error) => log.debug("An MCP request failed: {reason}", { reason: error.message }),
      // As a stream it is kept open by whatever is between the client and Heddle, however long the call takes.
      ...(method === "tools/call" && { responseMode: "sse" }),
    });
    const { url, headers, signal: gone } = request;
    const copy = new Request(url, { method: request.method, headers, signal: gone });
    const answer = await handler.fetch(copy, body === undefined ? {} : { parsedBody: body });
    // Nothing is kept for a session: its id tells the calls of clients apart that have the same key.
    if (method === "initialize" && answer.ok) answer.headers.set(SESSION_HEADER, newId());
    return answer;
  };
}

const methodOf = (body: unknown): unknown =>
  typeof body === "object" && body !== null && "method" in body ? body.method : undefined;

function listed(name: string, offer: Offer) {
  if (offer.kind === "tool") {
    const { description, parameters, annotations } = offer.tool;
    return {
      name,
      description,
      inputSchema: parameters as { type: "object" },
      annotations: hintsOf(annotations),
    };
  }
  const { bot } = offer;
  return {
    name,
    title: `Ask ${bot.name}`,
    description: `Asks the bot ${bot.name} and returns its answer. ${bot.description ?? ""}`.trim(),
    inputSchema: ASK_PARAMETERS as { type: "object" },
    annotations: { openWorldHint: true },
  };
}

/** What is not known is left out: the protocol's defaults are the careful ones. */
const hintsOf = ({ readOnly, idempotent, destructive, egress }: ToolAnnotations) => ({
  ...(readOnly !== undefined && { readOnlyHint: readOnly }),
  ...(idempotent !== undefined && { idempotentHint: idempotent }),
  ...(destructive !== undefined && { destructiveHint: destructive }),
  ...(egress !== undefined && { openWorldHint: egress }),
});

function progressTo(ctx: ServerContext): (text: string) => void {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  let progress = 0;
  return (message) => {
    if (progressToken === undefined) return;
    progress += 1;
    void ctx.mcpReq
      .notify({ method: "notifications/progress", params: { progressToken, progress, message } })
      .catch(() => undefined);
  };
}

const textOf = (text: string) => ({ type: "text" as const, text });
