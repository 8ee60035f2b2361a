// The HTTP side of a server: the REST API with its documentation, and the gateway to the integrations' routes.

import { newId } from "../ids.ts";
import { readPlainFormsOnly } from "../schema/plain-formats.ts";
import { REQUEST_ID, withAnswerHeaders } from "./answer-headers.ts";
import { createApi } from "./api/api.ts";
import { createApiOwnership } from "./api/create-ownership.ts";
import { createLargeBodies } from "./api/large-bodies.ts";
import { OPENAPI_PAGE, OPENAPI_PAGE_HEADERS } from "./api/openapi/page.ts";
import type { AppOptions, AppParts } from "./api/parts.ts";
import { type Auth, createAuth } from "./auth.ts";
import { answerError } from "./errors.ts";
import { createFailedKeys } from "./failed-keys.ts";
import {
  type Client,
  createGateway,
  GATEWAY_LIMITS,
  isIntegrationPath,
} from "./gateway/integrations-gateway.ts";
import { answerClientDocument } from "./mcp/client-document.ts";
import { createMcp, MCP_PATH } from "./mcp/mcp.ts";
import { createOpenAi, isOpenAiPath } from "./openai/openai.ts";
import { createSenderOf } from "./sender.ts";
import { hostOf, innerUrl, parseTarget, type Target } from "./target.ts";
import { createWeb } from "./web/web.ts";

export interface App {
  /** Answers every request. */
  fetch(request: Request, client: Client): Promise<Response>;
  /** The REST API alone. */
  readonly elysia: ReturnType<typeof createApi>;
}

export function createApp(parts: AppParts, options: AppOptions): App {
  const log = options.log.getChild("http");
  readPlainFormsOnly();
  const auth = createAuth({
    ...parts.access,
    failed: createFailedKeys({ log }),
    freshMs: parts.access.signInFreshMs,
    ...(options.now && { now: options.now }),
  });
  const senderOf = createSenderOf(options.trustedProxies ?? []);
  const perSecond = options.webhookRateLimit ?? GATEWAY_LIMITS.rate.perSecond;
  const gateway = createGateway({
    integrations: parts.integrations.registry,
    auth,
    record: parts.conversation.inbox.record,
    log,
    callers: options.callers,
    limits: {
      ...GATEWAY_LIMITS,
      rate: { perSecond, burst: 2 * perSecond },
      intake: {
        ...GATEWAY_LIMITS.intake,
        bytes: options.webhookBytesInFlight ?? GATEWAY_LIMITS.intake.bytes,
      },
    },
  });
  const ownership = createOwnershipOf(parts, options, auth);
  const largeBodies = createLargeBodies();
  const elysia = createApi(parts, options, { auth, gateway, ownership, largeBodies });
  const { conversation, content } = parts;
  const openAi = createOpenAi({
    ...conversation,
    ask: { ...conversation, ...conversation.openAi },
    bots: content.bots,
    embeddings: content.embeddings,
    ownership,
    largeBodies,
    auth,
    log,
    signal: options.signal,
  });
  const mcp = createMcp({
    version: options.version,
    tools: content.tools,
    whenLoaded: parts.integrations.registry.whenReady,
    bots: content.bots,
    callTool: content.callToolOverMcp,
    chat: conversation.chat,
    tasks: conversation.tasks,
    ask: { ...conversation, ...conversation.openAi },
    ownership,
    auth,
    publicUrl: options.publicUrl,
    log: options.log.getChild("mcp"),
    signal: options.signal,
  });
  const web = createWeb({ files: options.webFiles });
  return {
    elysia,
    async fetch(request, client) {
      let target: Target;
      try {
        target = parseTarget(request);
      } catch (error) {
        const requestId = newId();
        const facts = { requestId, method: request.method, path: request.url.slice(0, LOGGED_URL) };
        const answer = answerError(error, facts, log);
        return withAnswerHeaders(answer, { path: "", isIntegration: false }, { [REQUEST_ID]: requestId });
      }
      const sender = senderOf(client.address, request.headers);
      const arrived = { sender, host: hostOf(request) };
      if (isIntegrationPath(target.path)) {
        const requestId = newId();
        auth.arrived(request, arrived);
        const answer = await gateway(request, { target, sender, requestId });
        return withAnswerHeaders(answer, { ...target, isIntegration: true }, { [REQUEST_ID]: requestId });
      }
      if (target.path === OPENAPI_PAGE && target.hasTrailingSlash) {
        const moved = new Response(null, {
          status: 308,
          headers: { ...OPENAPI_PAGE_HEADERS, location: OPENAPI_PAGE },
        });
        return withAnswerHeaders(moved, { ...target, isIntegration: false }, { [REQUEST_ID]: newId() });
      }
      const ofUi =
        answerClientDocument(request, target, options.publicUrl()) ?? (await web.answer(request, target));
      if (ofUi) {
        return withAnswerHeaders(ofUi, { ...target, isIntegration: false }, { [REQUEST_ID]: newId() });
      }
      const inner = new Request(innerUrl(target), request);
      auth.arrived(inner, arrived);
      try {
        const answer = isOpenAiPath(target.path)
          ? await openAi(inner, target.path)
          : target.path === MCP_PATH
            ? await mcp(inner)
            : await elysia.handle(inner);
        return withAnswerHeaders(answer, { ...target, isIntegration: false });
      } finally {
        largeBodies.leave(inner);
      }
    },
  };
}

const createOwnershipOf = (
  { conversation, integrations, content }: AppParts,
  { db }: AppOptions,
  auth: Auth,
) =>
  createApiOwnership({
    db,
    auth,
    directory: conversation.directory,
    integrations: integrations.registry,
    bots: content.bots,
    tools: content.tools,
    capabilitiesOf: content.capabilitiesOf,
  });

const LOGGED_URL = 200;
