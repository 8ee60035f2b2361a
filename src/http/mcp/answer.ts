// What the MCP server answers: tools of integrations, and bots to ask.

import {
  type CallToolResult,
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Caller } from "../../access/caller.ts";
import type { Chat } from "../../chat/chat.ts";
import { type AskOptions, createAsk } from "../../chat/openai/ask.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import { ledBy } from "../../hops.ts";
import type { Logger } from "../../log.ts";
import { hopsIn } from "../../sdk/hops.ts";
import type { JsonObject, ToolAnnotations } from "../../sdk/types.ts";
import { within } from "../../within.ts";
import type { Ownership } from "../api/ownership.ts";
import type { Auth } from "../auth.ts";
import { ASK_PARAMETERS, createAskBot } from "./ask-bot.ts";
import { type McpBot, type McpTool, type Offer, offeredTo } from "./offered.ts";

export interface AnsweringOptions {
  version: string;
  tools: { list(): McpTool[] };
  /** Resolves when the integrations have been loaded for the first time. */
  whenLoaded: Promise<unknown>;
  bots: { list(): Promise<McpBot[]> };
  /** Calls a tool under the policies. Throws for arguments that do not fit. */
  callTool(name: string, args: JsonObject): Promise<{ content: string; error: string | null }>;
  chat: Chat;
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

/** `body`: the request's, read already; undefined for one without. */
export type Answering = (request: Request, body: unknown) => Promise<Response>;

export function createAnswering(options: AnsweringOptions): Answering {
  const { version, tools, whenLoaded, bots, callTool, chat, ownership, auth, log, signal } = options;
  const askBot = createAskBot(chat, createAsk(options.ask));

  async function offersFor(caller: Caller): Promise<Map<string, Offer>> {
    await within(MOST_LOADING_MS, whenLoaded, { signal }).catch(() => undefined);
    return offeredTo(caller, tools.list(), await bots.list());
  }

  async function ask(
    request: Request,
    bot: McpBot,
    args: JsonObject,
    ctx: ServerContext,
  ): Promise<CallToolResult> {
    const { integrationId } = await auth.authenticate(request);
    const owner = (await ownership.reachOf(request))?.owner ?? null;
    const { text, taskId } = await askBot({
      botId: bot.id,
      args,
      sender: { fromPerson: integrationId === null, hops: hopsIn(request.headers), owner },
      reaches: (id) => ownership.reachesSession(request, id),
      mayUse: (clientId) => ownership.clientId(request, clientId),
      mayContinue: (id) => ownership.task(request, id),
      signal: AbortSignal.any([signal, ctx.mcpReq.signal]),
      onProgress: progressTo(ctx),
    });
    return {
      content: [textOf(text)],
      // For clients that go on with the conversation; models read it as a second text.
      structuredContent: { answer: text, continue_from: taskId },
    };
  }

  async function call(
    request: Request,
    name: string,
    args: JsonObject,
    ctx: ServerContext,
  ): Promise<CallToolResult> {
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
      if (offer.kind === "bot") return await ask(request, offer.bot, args, ctx);
      // What the tool sends follows from the caller's runs.
      const { content, error } = await ledBy(hopsIn(request.headers), () => callTool(offer.tool.name, args));
      return { content: [textOf(content)], ...(error !== null && { isError: true }) };
    } catch (error) {
      // Anything else is a fault of Heddle's, of which a stranger learns nothing.
      if (!(error instanceof HeddleError)) throw error;
      return { content: [textOf(errorMessage(error))], isError: true };
    }
  }

  function serverFor(request: Request): Server {
    const server = new Server({ name: "heddle", version }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", async () => {
      const offers = await offersFor(await auth.authenticate(request));
      return {
        tools: [...offers].map(([name, offer]) => listed(name, offer)),
        ttlMs: LIST_LIFE_MS,
        cacheScope: "private",
      };
    });
    server.setRequestHandler("tools/call", ({ params }, ctx) =>
      call(request, params.name, (params.arguments ?? {}) as JsonObject, ctx),
    );
    return server;
  }

  return (request, body) => {
    // One for each request, since what it offers depends on the key.
    const handler = createMcpHandler(() => serverFor(request), {
      onerror: (error) => log.debug("An MCP request failed: {reason}", { reason: error.message }),
    });
    const copy = new Request(request.url, { method: request.method, headers: request.headers });
    return handler.fetch(copy, body === undefined ? {} : { parsedBody: body });
  };
}

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
