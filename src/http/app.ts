// The HTTP side of a server: the REST API with its documentation, and the gateway to the integrations' routes.

import { Elysia } from "elysia";
import type { ApiKeys } from "../access/api-keys.ts";
import { createIntegrationKeys } from "../access/integration-keys.ts";
import type { Activations } from "../capabilities/activations.ts";
import type { Bindings } from "../channels/bindings.ts";
import type { ChannelSessions } from "../channels/channel-sessions.ts";
import type { Channels } from "../channels/channels.ts";
import type { Places } from "../channels/places.ts";
import type { Bots } from "../content/bots/bots.ts";
import type { Database } from "../db/database.ts";
import type { Outbox } from "../dispatch/outbox.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Inbox } from "../inbox/inbox.ts";
import type { IntegrationStore } from "../integrations/settings/store.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Documents } from "../search/documents.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Tasks } from "../sessions/tasks.ts";
import type { Transcription } from "../transcription/transcription.ts";
import { withAnswerHeaders } from "./answer-headers.ts";
import { type AccessParts, createAccess } from "./api/access.ts";
import { type OpenApiOptions, openApi } from "./api/openapi/openapi.ts";
import type { RouteEntry } from "./api/openapi/operation.ts";
import { OPENAPI_PAGE, OPENAPI_PAGE_HEADERS } from "./api/openapi/page.ts";
import { createRouteOptions } from "./api/route-options.ts";
import { activationRoutes } from "./api/routes/activation.ts";
import { adminKeyRoutes } from "./api/routes/admin/integration-keys.ts";
import { type AdminSettingRoutes, adminSettingRoutes } from "./api/routes/admin/integration-settings.ts";
import { type AdminIntegrationRoutes, adminIntegrationRoutes } from "./api/routes/admin/integrations.ts";
import { type ProcessRoutes, processRoutes } from "./api/routes/admin/processes.ts";
import { apiKeyRoutes } from "./api/routes/api-keys.ts";
import { botRoutes } from "./api/routes/bots.ts";
import { type CarapaceRoutes, carapaceRoutes } from "./api/routes/carapaces.ts";
import { channelBindingRoutes } from "./api/routes/channel-bindings.ts";
import { channelRoutes } from "./api/routes/channels.ts";
import { deliveryRoutes } from "./api/routes/deliveries.ts";
import { documentRoutes } from "./api/routes/documents.ts";
import { eventRoutes } from "./api/routes/events.ts";
import { healthRoutes } from "./api/routes/health.ts";
import { inboxRoutes } from "./api/routes/inbox.ts";
import { integrationStoreRoutes } from "./api/routes/integration-store.ts";
import { type IntegrationRoutes, integrationRoutes } from "./api/routes/integrations.ts";
import { sessionRoutes } from "./api/routes/sessions.ts";
import { type SkillRoutes, skillRoutes } from "./api/routes/skills.ts";
import { taskRoutes } from "./api/routes/tasks.ts";
import { type TemplateRoutes, templateRoutes } from "./api/routes/templates.ts";
import { type ToolRoutes, toolRoutes } from "./api/routes/tools.ts";
import { transcribeRoutes } from "./api/routes/transcribe.ts";
import { createAuth } from "./auth.ts";
import { answerError } from "./errors.ts";
import { createFailedKeys } from "./failed-keys.ts";
import {
  type Client,
  createGateway,
  GATEWAY_LIMITS,
  type Gateway,
  isIntegrationPath,
  type MountedIntegrations,
} from "./gateway/integrations-gateway.ts";
import { createReceive, type ReceiveOptions } from "./gateway/receive.ts";
import { createReplay } from "./gateway/replay.ts";
import { createSenderOf } from "./sender.ts";
import { innerUrl, parseTarget, refuseNul, type Target } from "./target.ts";

export interface AppParts {
  version: string;
  db: Database;
  places: Pick<Places, "prefixes">;
  log: Logger;
  apiKeys: ApiKeys;
  inbox: Inbox;
  sessions: Sessions;
  channels: Channels;
  channelSessions: ChannelSessions;
  bindings: Bindings;
  tasks: Tasks;
  outbox: Pick<Outbox, "list" | "get" | "redeliver">;
  bots: Pick<Bots, "list" | "get" | "create" | "update" | "delete">;
  documents: Documents;
  store: IntegrationStore;
  transcription: Transcription;
  processes: ProcessRoutes["processes"];
  tools: ToolRoutes["tools"];
  skills: SkillRoutes["skills"];
  carapaces: CarapaceRoutes["carapaces"];
  templates: TemplateRoutes["templates"];
  capabilitiesOf: CarapaceRoutes["capabilitiesOf"];
  activations: Activations;
  integrations: MountedIntegrations &
    AccessParts["integrations"] &
    OpenApiOptions["integrations"] &
    IntegrationRoutes["integrations"] &
    AdminIntegrationRoutes["integrations"] &
    TemplateRoutes["integrations"] &
    ReceiveOptions["integrations"];
  settings: AdminSettingRoutes["settings"] & ReceiveOptions["settings"];
  states: AdminIntegrationRoutes["states"];
  installPackages: AdminIntegrationRoutes["installPackages"];
  /** Replaces the secrets that are known. */
  redact: Redact;
  /** Requests per second that one sender may make to one integration's public routes. */
  webhookRateLimit?: number;
  /** Bytes of bodies on public routes that may wait in memory at a time. */
  webhookBytesInFlight?: number;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  trustedProxies?: readonly string[];
  /** How the outside reaches this server, without a trailing slash. */
  baseUrl: () => string;
  /** The same, where the operator has said so: BASE_URL. */
  publicUrl?: string | undefined;
  /** Rejects while the server cannot work. */
  isReady: () => Promise<void>;
  /** @scalar/api-reference's standalone script, for /swagger. */
  scalarBundle: () => Promise<Blob | undefined>;
}

export interface App {
  /** Answers every request. */
  fetch(request: Request, client: Client): Promise<Response>;
  /** The REST API alone, as Eden's types and the tests want it. */
  readonly elysia: ReturnType<typeof createApi>;
}

export function createApp(parts: AppParts): App {
  const auth = createAuth(parts.apiKeys, createFailedKeys({ log: parts.log.getChild("http") }));
  const senderOf = createSenderOf(parts.trustedProxies ?? []);
  const perSecond = parts.webhookRateLimit ?? GATEWAY_LIMITS.rate.perSecond;
  const gateway = createGateway({
    integrations: parts.integrations,
    auth,
    note: parts.inbox.note,
    log: parts.log.getChild("http"),
    limits: {
      ...GATEWAY_LIMITS,
      rate: { perSecond, burst: 2 * perSecond },
      intake: { ...GATEWAY_LIMITS.intake, bytes: parts.webhookBytesInFlight ?? GATEWAY_LIMITS.intake.bytes },
    },
  });
  const elysia = createApi(parts, auth, gateway);
  return {
    elysia,
    async fetch(request, client) {
      let target: Target;
      try {
        target = parseTarget(request);
      } catch (error) {
        const requestId = newId();
        const facts = { requestId, method: request.method, path: request.url.slice(0, LOGGED_URL) };
        const answer = answerError(error, facts, parts.log.getChild("http"));
        return withAnswerHeaders(answer, { path: "", isIntegration: false }, { [REQUEST_ID]: requestId });
      }
      const sender = senderOf(client.address, request.headers);
      if (isIntegrationPath(target.path)) {
        const requestId = newId();
        auth.arrived(request, sender);
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
      const inner = new Request(innerUrl(target), request);
      auth.arrived(inner, sender);
      return withAnswerHeaders(await elysia.handle(inner), { ...target, isIntegration: false });
    },
  };
}

const LOGGED_URL = 200;
const REQUEST_ID = "x-request-id";

function createApi(parts: AppParts, auth: ReturnType<typeof createAuth>, gateway: Gateway) {
  const log = parts.log.getChild("http");
  const ownership = createAccess({ ...parts, auth });
  const route = createRouteOptions(auth, ownership);
  let routes: readonly RouteEntry[] = [];
  const api = new Elysia({ normalize: false })
    .onError(({ error, request, set }) =>
      answerError(
        error,
        { requestId: String(set.headers[REQUEST_ID]), method: request.method, path: pathOf(request) },
        log,
      ),
    )
    .onRequest(async ({ request, set }) => {
      const path = pathOf(request);
      set.headers[REQUEST_ID] = newId();
      if (path === OPENAPI_PAGE) Object.assign(set.headers, OPENAPI_PAGE_HEADERS);
      // Before anything of the body is read.
      if (path.startsWith("/api/")) {
        await auth.authenticate(request);
        refuseNul(request.url);
      }
      // What was asked right after the start waits, as webhooks do, instead of hearing that there is no such integration.
      const [, id] = OF_INTEGRATION.exec(path) ?? [];
      if (id !== undefined) await parts.integrations.whenLoaded(id);
    })
    .use(
      openApi({
        version: parts.version,
        routes: () => routes,
        integrations: parts.integrations,
        baseUrl: parts.publicUrl,
        scalarBundle: parts.scalarBundle,
      }),
    )
    .use(healthRoutes({ version: parts.version, notReady: () => reasonOf(parts.isReady) }))
    .use(documentRoutes({ documents: parts.documents, ownership, route }))
    .use(sessionRoutes({ sessions: parts.sessions, ownership, redact: parts.redact, route }))
    .use(channelRoutes({ ...parts, ownership, route }))
    .use(channelBindingRoutes({ bindings: parts.bindings, ownership, route }))
    .use(eventRoutes({ sessions: parts.sessions, ownership, route }))
    .use(transcribeRoutes({ transcription: parts.transcription, route }))
    .use(taskRoutes({ tasks: parts.tasks, ownership, route }))
    .use(deliveryRoutes({ outbox: parts.outbox, ownership, route }))
    .use(
      inboxRoutes({
        inbox: parts.inbox,
        replay: createReplay({ ...parts, log }),
        receive: createReceive({ ...parts, gateway }),
        ownership,
        route,
      }),
    )
    .use(botRoutes({ bots: parts.bots, ownership, route }))
    .use(toolRoutes({ tools: parts.tools, route }))
    .use(skillRoutes({ skills: parts.skills, route }))
    .use(carapaceRoutes({ carapaces: parts.carapaces, capabilitiesOf: parts.capabilitiesOf, route }))
    .use(templateRoutes({ templates: parts.templates, integrations: parts.integrations, route }))
    .use(activationRoutes({ activations: parts.activations, ownership, route }))
    .use(apiKeyRoutes({ apiKeys: parts.apiKeys, auth, route }))
    .use(integrationStoreRoutes({ ...parts, auth, route }))
    .use(processRoutes({ processes: parts.processes, auth, route }))
    .use(integrationRoutes({ integrations: parts.integrations, baseUrl: parts.baseUrl, route }))
    .use(adminIntegrationRoutes({ ...parts, log, route }))
    .use(adminSettingRoutes({ ...parts, route }))
    .use(
      adminKeyRoutes({
        integrations: parts.integrations,
        integrationKeys: createIntegrationKeys(parts.apiKeys),
        auth,
        route,
      }),
    );
  routes = api.routes as RouteEntry[];
  return api;
}

const OF_INTEGRATION = /^\/api\/v1\/(?:admin\/)?integrations\/([a-z][a-z0-9_-]*)/;

/** Without parsing the whole URL: this runs for every request. */
function pathOf({ url }: Request): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

async function reasonOf(isReady: () => Promise<void>): Promise<string | undefined> {
  try {
    await isReady();
    return undefined;
  } catch (error) {
    return error instanceof HeddleError && error.code === "unavailable"
      ? error.message
      : "The database does not answer.";
  }
}
