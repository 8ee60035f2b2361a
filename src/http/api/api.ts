// The REST API and its documentation: each route gets the parts of the server that it needs.

import { type AnyElysia, Elysia } from "elysia";
import { createIntegrationKeys } from "../../access/integration-keys.ts";
import { HeddleError } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { createRecentCalls } from "../../policies/recent-calls.ts";
import { createReferencesTo } from "../../providers/references.ts";
import { createRepairs } from "../../repairs/repairs.ts";
import { createContinueLoop } from "../../sessions/continue-loop.ts";
import { createRerun } from "../../sessions/rerun.ts";
import { createReadTrace } from "../../sessions/trace.ts";
import { createActivity } from "../../usage/activity.ts";
import { createUsage } from "../../usage/usage.ts";
import { REQUEST_ID } from "../answer-headers.ts";
import type { Auth } from "../auth.ts";
import { answerError } from "../errors.ts";
import type { Gateway } from "../gateway/integrations-gateway.ts";
import { createReceive } from "../gateway/receive.ts";
import { createReplay } from "../gateway/replay.ts";
import { refuseNul } from "../target.ts";
import { createFacts } from "./error-facts.ts";
import { nameVersion } from "./if-match.ts";
import type { LargeBodies } from "./large-bodies.ts";
import { createNamesThere } from "./missing-names.ts";
import { openApi } from "./openapi/openapi.ts";
import type { RouteEntry } from "./openapi/operation.ts";
import { OPENAPI_PAGE, OPENAPI_PAGE_HEADERS } from "./openapi/page.ts";
import type { Ownership } from "./ownership.ts";
import type { AppOptions, AppParts } from "./parts.ts";
import { createRouteOptions } from "./route-options.ts";
import { aboutRoutes } from "./routes/about.ts";
import { activationRoutes } from "./routes/activation.ts";
import { accountRoutes } from "./routes/admin/accounts.ts";
import { codingAgentRoutes } from "./routes/admin/coding-agents.ts";
import { adminActionRoutes } from "./routes/admin/integration-actions.ts";
import { integrationFileRoutes } from "./routes/admin/integration-files.ts";
import { adminKeyRoutes } from "./routes/admin/integration-keys.ts";
import { adminSettingRoutes } from "./routes/admin/integration-settings.ts";
import { adminIntegrationRoutes } from "./routes/admin/integrations.ts";
import { mcpServerRoutes } from "./routes/admin/mcp-servers.ts";
import { processDayRoutes } from "./routes/admin/process-days.ts";
import { processRoutes } from "./routes/admin/processes.ts";
import { providerReferenceRoutes } from "./routes/admin/provider-references.ts";
import { providerRoutes } from "./routes/admin/providers.ts";
import { reindexRoutes } from "./routes/admin/reindex.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { bindableRoutes } from "./routes/bindable-integrations.ts";
import { botRoutes } from "./routes/bots.ts";
import { browserErrorRoutes } from "./routes/browser-errors.ts";
import { budgetRoutes } from "./routes/budgets.ts";
import { carapaceRoutes } from "./routes/carapaces.ts";
import { channelBindingRoutes } from "./routes/channel-bindings.ts";
import { channelRoutes } from "./routes/channels.ts";
import { connectionRoutes } from "./routes/connections.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { documentRoutes } from "./routes/documents.ts";
import { eventRoutes } from "./routes/events.ts";
import { fixturesAndEvals } from "./routes/fixtures-and-evals.ts";
import { healthRoutes } from "./routes/health.ts";
import { heartbeatRoutes } from "./routes/heartbeats.ts";
import { inboxRoutes } from "./routes/inbox.ts";
import { integrationStoreRoutes } from "./routes/integration-store.ts";
import { integrationRoutes } from "./routes/integrations.ts";
import { liveRoutes } from "./routes/live.ts";
import { logRoutes } from "./routes/logs.ts";
import { memoryRoutes } from "./routes/memories.ts";
import { overviewRoutes } from "./routes/overview.ts";
import { peopleRoutes } from "./routes/people.ts";
import { policyRoutes } from "./routes/policies.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { scopeRoutes } from "./routes/scopes.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { SIGN_IN_ROUTE, signInRoutes } from "./routes/sign-in.ts";
import { skillRoutes } from "./routes/skills.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { templateRoutes } from "./routes/templates.ts";
import { toolRoutes } from "./routes/tools.ts";
import { transcribeRoutes } from "./routes/transcribe.ts";
import { usageRoutes } from "./routes/usage.ts";
import { workspaceFileRoutes } from "./routes/workspace-files.ts";

interface Edge {
  auth: Auth;
  gateway: Gateway;
  ownership: Ownership;
  largeBodies: LargeBodies;
}

/** Creates the REST API without the integrations' own routes. */
export function createApi(
  { conversation, content, integrations, access, policies, processes, models, mcp, codingAgents }: AppParts,
  { log: serverLog, ...options }: AppOptions,
  { auth, gateway, ownership, largeBodies }: Edge,
) {
  const { registry } = integrations;
  const { redact } = access;
  const log = serverLog.getChild("http");
  const names = createNamesThere({ ...content, integrations: registry });
  const { missingIn: missingNames, missingInScopes, needIntegration } = names;
  const route = createRouteOptions({ auth, log }, ownership, largeBodies);
  const administration = {
    ...integrations,
    integrations: registry,
    processes,
    inbox: conversation.inbox,
    baseUrl: options.baseUrl,
    redact,
    log,
    route,
  };
  const rerun = createRerun({ ...conversation, query: options.db.query });
  const continueLoop = createContinueLoop({ ...conversation, query: options.db.query, rerun });
  let routes: readonly RouteEntry[] = [];
  const factsOf = createFacts(() => root.routes);
  // Clients take their types from the OpenAPI document; the type of this chain would be too long for TypeScript.
  const root: AnyElysia = new Elysia({ normalize: false })
    .onError(({ error, request, set }) =>
      answerError(error, factsOf(pathOf(request), request.method, set.headers[REQUEST_ID]), log),
    )
    // Elysia would give it an empty body, which Deno refuses.
    .mapResponse(({ set }) => (set.status === 204 ? new Response(null, { status: 204 }) : undefined))
    .mapResponse(nameVersion)
    .onRequest(async ({ request, set }) => {
      const path = pathOf(request);
      set.headers[REQUEST_ID] = newId();
      if (path === OPENAPI_PAGE) Object.assign(set.headers, OPENAPI_PAGE_HEADERS);
      // The key is checked before any of the body is read.
      if (path.startsWith("/api/")) {
        if (path !== SIGN_IN_ROUTE || request.method !== "POST") await auth.authenticate(request);
        refuseNul(request.url);
      }
      // A request right after the start waits for the integration to load, as webhooks do, instead of getting a 404.
      const [, id] = OF_INTEGRATION.exec(path) ?? [];
      if (id !== undefined) await registry.whenLoaded(id);
    });
  const api: AnyElysia = root
    .use(
      openApi({
        version: options.version,
        routes: () => routes,
        integrations: registry,
        baseUrl: options.publicUrl,
        scalarBundle: options.scalarBundle,
      }),
    )
    .use(healthRoutes({ version: options.version, notReady: () => reasonOf(options.isReady) }))
    .use(documentRoutes({ documents: content.documents, ownership, route }))
    .use(memoryRoutes({ memories: content.memories, ownership, route }))
    .use(scheduleRoutes({ schedules: conversation.schedules, ownership, route }))
    .use(heartbeatRoutes({ schedules: conversation.schedules, ownership, route }))
    .use(budgetRoutes({ budgets: conversation.budgets, needIntegration, route }))
    .use(
      fixturesAndEvals({
        ...{ db: options.db, redact, tools: content.tools, tasks: conversation.tasks },
        ...{ calls: conversation.budgets.outside, ownership, route },
      }),
    )
    .use(sessionRoutes({ ...conversation, query: options.db.query, ownership, redact, route }))
    .use(channelRoutes({ ...conversation, missingNames, ownership, route }))
    .use(workspaceFileRoutes({ channels: conversation.channels, workspace: content.workspace, route }))
    .use(bindableRoutes({ bindings: conversation.bindings, route }))
    .use(channelBindingRoutes({ bindings: conversation.bindings, integrations: registry, ownership, route }))
    .use(eventRoutes({ sessions: conversation.sessions, ownership, route }))
    .use(
      liveRoutes({
        ...conversation,
        clientTools: conversation.openAi.clientTools,
        db: options.db,
        bots: content.bots,
        trace: createReadTrace(options.db),
        signal: options.signal,
        auth,
        ownership,
        route,
      }),
    )
    .use(transcribeRoutes({ transcription: content.transcription, route }))
    .use(taskRoutes({ ...conversation, rerun, continueLoop, ownership, route }))
    .use(deliveryRoutes({ outbox: conversation.outbox, ownership, route }))
    .use(
      inboxRoutes({
        inbox: conversation.inbox,
        replay: createReplay({ inbox: conversation.inbox, integrations: registry, log }),
        receive: createReceive({
          inbox: conversation.inbox,
          integrations: registry,
          settings: integrations.settings,
          gateway,
        }),
        ownership,
        route,
      }),
    )
    .use(botRoutes({ ...content, missingNames, ownership, route }))
    .use(toolRoutes({ ...content, route }))
    .use(approvalRoutes({ approvals: policies.approvals, auth, ownership, route }))
    .use(peopleRoutes({ people: conversation.people, integrations: registry, auth, ownership, route }))
    .use(
      policyRoutes({
        ...policies,
        wouldHave: createRecentCalls({ db: options.db, ...policies }),
        missingNames,
        needIntegration,
        ownership,
        route,
      }),
    )
    .use(logRoutes({ ...options, auth, route }))
    .use(aboutRoutes({ ...options, route }))
    .use(skillRoutes({ ...content, route }))
    .use(carapaceRoutes({ ...content, route }))
    .use(templateRoutes({ ...content, integrations: registry, route }))
    .use(activationRoutes({ activations: integrations.activations, ownership, route }))
    .use(apiKeyRoutes({ apiKeys: access.apiKeys, missingInScopes, auth, route }))
    .use(scopeRoutes({ integrations: registry, route }))
    .use(signInRoutes({ ...access, ...options, auth, route }))
    .use(integrationStoreRoutes({ integrations: registry, store: integrations.store, auth, route }))
    .use(connectionRoutes({ ...integrations, integrations: registry, route }))
    .use(
      accountRoutes({
        ...{ accounts: integrations.accounts, integrations: registry, auth, route },
        ...{ publicUrl: options.publicUrl, localUrl: options.localUrl },
      }),
    )
    .use(reindexRoutes({ reindex: content.reindex, route }))
    .use(processRoutes({ processes, auth, route }))
    .use(processDayRoutes({ processes, integrations: registry, route }))
    .use(integrationRoutes({ integrations: registry, baseUrl: options.baseUrl, route }))
    .use(providerRoutes({ ...models, route }))
    .use(mcpServerRoutes({ mcp, tools: content.tools, signIn: { auth, ownership, ...options }, route }))
    .use(codingAgentRoutes({ agents: codingAgents, ownership, route }))
    .use(
      providerReferenceRoutes({
        providers: models.providers,
        referencesTo: createReferencesTo(options.db.query, options.server.settings),
        route,
      }),
    )
    .use(
      overviewRoutes({
        repairs: createRepairs({
          query: options.db.query,
          integrations: registry,
          settings: integrations.settings,
          providers: models.providers.list,
          mcpServers: mcp.list,
          connections: integrations.listConnections,
          accounts: integrations.accounts.list,
          ...(options.now && { now: options.now }),
        }),
        activity: createActivity(options.db.query),
        auth,
        ownership,
        route,
        now: options.now,
      }),
    )
    .use(browserErrorRoutes({ auth, log, route }))
    .use(usageRoutes({ usage: createUsage(options.db.query), ownership, route }))
    .use(adminIntegrationRoutes(administration))
    .use(adminActionRoutes(administration))
    .use(integrationFileRoutes({ ...administration, workspace: content.workspace }))
    .use(adminSettingRoutes({ settings: integrations.settings, integrations: registry, redact, route }))
    .use(
      adminKeyRoutes({
        integrations: registry,
        integrationKeys: createIntegrationKeys(access.apiKeys),
        auth,
        route,
      }),
    );
  routes = api.routes as RouteEntry[];
  return api;
}

const OF_INTEGRATION = /^\/api\/v1\/(?:admin\/)?integrations\/([a-z][a-z0-9_-]*)/;

/** Cuts the path out without parsing the whole URL, because this runs for every request. */
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
