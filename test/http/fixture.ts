// The HTTP app over real sessions, with integrations made of plain functions.

import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnyElysia } from "elysia";
import { createApiKeys } from "../../src/access/api-keys.ts";
import { OPERATOR } from "../../src/access/caller.ts";
import { followRevocations } from "../../src/access/revocations.ts";
import { createSignInLinks } from "../../src/access/sign-in-links.ts";
import { createSignIns } from "../../src/access/sign-ins.ts";
import { openAgents } from "../../src/acp/agents.ts";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
import { createTryTool } from "../../src/agent/tools/try-tool.ts";
import { createApprovals } from "../../src/approvals/approvals.ts";
import { activationIn } from "../../src/capabilities/activated.ts";
import { createActivations } from "../../src/capabilities/activations.ts";
import { createCapabilities } from "../../src/capabilities/effective-set.ts";
import { createMissingNames } from "../../src/capabilities/missing-names.ts";
import type { BindingManifest } from "../../src/channels/check-binding.ts";
import { openModels } from "../../src/compose/models.ts";
import { openPublicUrl, withStored } from "../../src/config/public-url.ts";
import type { BotFile } from "../../src/content/bots/bot-file.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { createHomeFiles } from "../../src/content/home-files.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import type { AppOptions, AppParts } from "../../src/http/api/parts.ts";
import { createApp } from "../../src/http/app.ts";
import type { IntegrationView } from "../../src/integrations/registry/view.ts";
import type { IntegrationRouter } from "../../src/integrations/routing/router.ts";
import { effectiveSetting } from "../../src/integrations/settings/effective-setting.ts";
import { createIntegrationStore } from "../../src/integrations/settings/store.ts";
import { createConnections } from "../../src/listeners/connections.ts";
import { createLog } from "../../src/log.ts";
import { createLogBuffer } from "../../src/log-buffer.ts";
import { createHttpTransport } from "../../src/mcp/client/http-transport.ts";
import { createAuthFetch } from "../../src/mcp/client/reach.ts";
import { openMcpServers } from "../../src/mcp/servers.ts";
import { createMemories } from "../../src/memory/memories.ts";
import { openAccounts } from "../../src/oauth/accounts/accounts.ts";
import { openPolicies } from "../../src/policies/policies.ts";
import { toolFactsFrom } from "../../src/policies/registered-tools.ts";
import { realTimers } from "../../src/processes/restart-delay.ts";
import type { RegisteredOAuth } from "../../src/sdk/backend.ts";
import type { SetupManifest } from "../../src/sdk/manifest.ts";
import type { Dispatcher, IntegrationMeta } from "../../src/sdk/types.ts";
import { createDocuments } from "../../src/search/documents.ts";
import type { SkillCopy } from "../../src/search/skill-copies.ts";
import { createTranscription, type TranscriptionOptions } from "../../src/transcription/transcription.ts";
import { createEditedFiles } from "../../src/workspace/edited-files.ts";
import type { TestDatabase } from "../database.ts";
import { NO_MODELS } from "../providers/fixture.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { noProcesses } from "./no-processes.ts";
import { wholeText } from "./whole-text.ts";

export interface TestIntegration {
  /** Missing if the integration exists but does not load. */
  handle?: (request: Request) => Promise<Response>;
  /** The router: its routes are for the documentation, and `handle` answers. */
  router?: AnyElysia;
  publicPaths?: string[];
  adminPaths?: string[];
  pages?: Record<string, () => Promise<Response | undefined>>;
  version?: string;
  setup?: SetupManifest;
  tools?: string[];
  dispatchers?: string[];
  settings?: IntegrationView["settings"];
}

export interface HttpFixtureOptions {
  dispatchers?: Record<string, Dispatcher>;
  metas?: IntegrationMeta[];
  manifests?: Record<string, { binding: BindingManifest }>;
  integrations?: Record<string, TestIntegration>;
  /** Called by what waits for an integration; default: all are there. */
  whenLoaded?: (id: string) => Promise<void>;
  botFiles?: BotFile[];
  /** Copies of skills in the search, by the skill's id. */
  copies?: Record<string, SkillCopy>;
  /** Names of registered tools. */
  tools?: string[];
  webhookRateLimit?: number;
  /** Accounts that integrations have declared. */
  accounts?: Record<string, RegisteredOAuth[]>;
  /** "<integration>.<KEY>" → value */
  settings?: Record<string, string>;
  isReady?: () => Promise<void>;
  /** The public address of webhooks; default https://heddle.example. */
  baseUrl?: string | undefined;
  /** BASE_URL */
  publicUrl?: string;
  transcription?: Partial<TranscriptionOptions>;
  scalarBundle?: AppOptions["scalarBundle"];
  webFiles?: AppOptions["webFiles"];
  now?: () => number;
  processes?: AppParts["processes"];
  workspace?: Omit<AppParts["content"]["workspace"], "edited">;
  models?: Partial<Parameters<typeof openModels>[0]>;
  /** Replaces the fixture's own. */
  parts?: Partial<AppParts["integrations"]>;
  log?: AppOptions["log"];
}

const words = { group: "Server", description: "Of a test.", default: null };

export const STATIC_KEY = "a-static-key-of-the-environment";
const HOUR_MS = 3_600_000;
export const SIGN_IN = { idleMs: 7 * 24 * HOUR_MS, absoluteMs: 30 * 24 * HOUR_MS, freshMs: HOUR_MS / 4 };
export const UNKNOWN_ID = "0198c0de-0000-7000-8000-000000000000";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server answers; the test says what it expects.
  body: any;
}

export async function createHttpFixture(db: TestDatabase, options: HttpFixtureOptions = {}) {
  const lines: string[] = [];
  const logs = createLogBuffer();
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
    keep: logs.add,
  });
  const apiKeys = createApiKeys({
    db,
    log,
    staticKey: STATIC_KEY,
    ...(options.now && { now: options.now, monotonic: options.now }),
  });
  const clocks = options.now && { now: options.now, monotonic: options.now };
  const signInLinks = createSignInLinks({ db, minutes: 15, ...clocks });
  const signIns = createSignIns({ db, log, apiKeys, links: signInLinks, limits: SIGN_IN, ...clocks });
  // Closed with the database.
  const revocations = await followRevocations({
    db,
    forget(id) {
      apiKeys.forget(id);
      signIns.forget(id);
    },
  });
  const access = { apiKeys, signIns, signInLinks, revocations, signInFreshMs: SIGN_IN.freshMs };
  const integrations = options.integrations ?? {};
  const views = () => Object.entries(integrations).map(viewOf);
  const tools = createToolRegistry();
  const skills = createSkills();
  const carapaces = createCarapaces();
  const templates = createTemplates();
  const integrationOf = (id: string) => views().find((view) => view.id === id);
  const content = { skills, carapaces, templates };
  const capabilitiesOf = createCapabilities({
    ...content,
    activationOf: (id) => activationIn(integrationOf(id)?.setup),
  });
  const missingNames = createMissingNames({
    capabilitiesOf,
    carapaces,
    tools,
    doubtInModel: (name) => models.providers.doubtIn(name),
  });
  const { dispatchers, metas, manifests } = options;
  const connections = createConnections({
    db,
    redact: (text) => text,
    onError: (error) => {
      throw error;
    },
  });
  const core = await createSessionsFixture(db, dispatchers, metas, manifests, missingNames);
  const models = await openModels(
    { ...NO_MODELS, ...options.models },
    { db, vault: core.vault, log, redactor: core.redactor },
    async () => [],
    // Closed with the database.
    [],
  );
  // Closed with the database.
  const policies = await openPolicies({ db, log });
  const approvals = createApprovals({
    db,
    queue: core.queue,
    policies,
    onCommit: () => undefined,
    log,
    now: options.now ?? Date.now,
  });
  const accounts = await openAccounts({
    ...{ db, vault: core.vault, connections, log, addPassing: core.redactor.addPassing },
  });
  for (const [id, own] of Object.entries(options.accounts ?? {})) accounts.replaceOwner(id, own);
  const publicAddress = await openPublicUrl({ db, log, given: options.publicUrl });
  const mcp = await openMcpServers({
    db,
    vault: core.vault,
    addSecret: core.redactor.add,
    file: { path: "/nonexistent/mcp.yaml", environment: () => undefined },
    addPassing: core.redactor.addPassing,
    authFetch: (server) => createAuthFetch(server, []),
    publicUrl: () => options.publicUrl,
    open: (server, tokens) => ({ transport: createHttpTransport(server, [], tokens) }),
    onTools: tools.setYielding,
    onState: () => undefined,
    wake: async () => false,
    onCommit: () => undefined,
    version: "1.2.3",
    timers: realTimers,
    random: Math.random,
    log,
  });
  mcp.start();
  db.beforeClose(mcp.close);
  const codingAgents = await openAgents({
    ...{ db, vault: core.vault, addSecret: core.redactor.add, redact: core.redactor.redact, log },
    file: { path: "/nonexistent/acp.yaml", environment: () => undefined },
    root: "/nonexistent",
    version: "1.2.3",
    permissions: { ask: unavailable, cancelOf: async () => undefined },
    starterOf: unavailable,
    onTools: (all) => tools.replaceOwner("coding-agents", all),
    onChange: () => undefined,
  });
  db.beforeClose(codingAgents.close);
  const registry: AppParts["integrations"]["registry"] = {
    whenLoaded: options.whenLoaded ?? (async () => undefined),
    whenReady: Promise.resolve(),
    routerOf: (id) => {
      const handle = integrations[id]?.handle;
      const routes = (integrations[id]?.router?.routes ?? []) as IntegrationRouter["routes"];
      return handle && { handle, routes, answering: () => [] };
    },
    isPublic: (id, { path }) => integrations[id]?.publicPaths?.includes(path) ?? false,
    isAdminOnly: (id, path) => integrations[id]?.adminPaths?.includes(path) ?? false,
    routeScopeOf: (id) => integrations[id]?.setup?.route_scope,
    maxBodyBytesOf: (id) => integrations[id]?.setup?.max_body_bytes,
    webUiOf: (id, path) => integrations[id]?.pages?.[path],
    statusOf: (id) =>
      integrations[id] === undefined ? undefined : integrations[id].handle ? "live" : "quarantined",
    list: views,
    ids: () => views().map(({ id }) => id),
    get: integrationOf,
    reload: unavailable,
    approve: unavailable,
    changesOf: async () => null,
    pendingOf: unavailable,
    onChange: () => () => {},
  };
  const callTool = (place: string) =>
    createTryTool({
      tools,
      sessions: core.sessions,
      redact: core.redactor.redact,
      decide: policies.decide,
      place,
      botId: "default",
      signal: new AbortController().signal,
    });
  const app = createApp(
    {
      conversation: core,
      content: {
        ...content,
        bots: core.bots,
        botFiles: () => options.botFiles ?? [],
        workspace: {
          ...(options.workspace ?? { list: unavailable, read: unavailable, write: unavailable }),
          edited: createEditedFiles("/nowhere", (write) => write()),
        },
        homeFiles: createHomeFiles({ home: homeOf(db), items: content, reload: async () => {} }),
        copiesOfSkills: async (all) =>
          new Map(
            all
              .filter(({ id }) => options.copies?.[id])
              .map(({ id }) => [id, options.copies?.[id] as SkillCopy]),
          ),
        dispatchers: core.dispatchers,
        tools,
        tryTool: callTool("heddle:try"),
        callToolOverMcp: callTool("heddle:mcp"),
        documents: createDocuments({ db }),
        memories: createMemories({ db, onChange: () => undefined }),
        reindex: { progress: unavailable, start: unavailable },
        embeddings: {
          model: "builtin",
          embed: async (texts) =>
            texts.map((text) => (text.trim() === "" ? null : new Float32Array([0.6, -0.8]))),
        },
        capabilitiesOf,
        missingNames,
        transcription: createTranscription({
          hooks: { override: async () => null },
          endpoint: undefined,
          ...options.transcription,
        }),
      },
      integrations: {
        registry,
        activations: createActivations({
          db,
          integrations: { get: integrationOf, list: views },
          carapaces,
          hasTool: (name) => options.tools?.includes(name) ?? false,
        }),
        connections,
        accounts,
        listConnections: connections.list,
        store: createIntegrationStore({ db, vault: core.vault, addSecret: core.redactor.add }),
        settings: {
          effective: (id, declared) =>
            effectiveSetting(declared, {
              stored: options.settings?.[`${id}.${declared.key}`],
              environment: () => undefined,
            }),
          stored: () => new Map(),
          version: () => "",
          set: unavailable,
          delete: unavailable,
        },
        states: { set: unavailable },
        installPackages: unavailable,
        ...options.parts,
      },
      access: { ...access, redact: core.redactor.redact, addSecret: () => undefined },
      models,
      policies: { policies, approvals, toolOf: toolFactsFrom(tools) },
      mcp,
      codingAgents,
      processes: options.processes ?? noProcesses,
    },
    {
      version: "1.2.3",
      db,
      log: options.log ?? log,
      baseUrl: () => ("baseUrl" in options ? options.baseUrl : "https://heddle.example"),
      publicUrl: publicAddress.current,
      localUrl: () => "http://localhost:8000",
      logs,
      server: {
        commit: null,
        platform: "linux x64",
        startedAt: new Date(),
        home: "/srv/heddle",
        model: () => undefined,
        settings: () =>
          withStored(
            [
              {
                name: "API_KEY",
                ...words,
                value: null,
                is_set: true,
                secret: true,
                source: "environment",
              },
              {
                name: "FALLBACK_MODELS",
                ...words,
                value: "x/y, mine/last",
                is_set: true,
                secret: false,
                source: "file",
              },
              {
                name: "PORT",
                ...words,
                value: "8000",
                is_set: true,
                secret: false,
                source: "flag",
              },
              {
                name: "BASE_URL",
                ...words,
                value: options.publicUrl ?? null,
                is_set: options.publicUrl !== undefined,
                secret: false,
                source: options.publicUrl === undefined ? null : ("flag" as const),
              },
            ],
            publicAddress,
          ),
        publicUrl: publicAddress,
        notice: async () => new Blob(["The MIT License"]),
      },
      ...(options.now && { now: options.now }),
      ...(options.webhookRateLimit !== undefined && { webhookRateLimit: options.webhookRateLimit }),
      signal: new AbortController().signal,
      isReady: options.isReady ?? (async () => void (await db.execute("select 1"))),
      scalarBundle: options.scalarBundle ?? (async () => new Blob(["/* scalar */"])),
      webFiles: options.webFiles ?? (async () => undefined),
    },
  );

  const fetch = (request: Request) => app.fetch(request, { address: "127.0.0.1" });

  const send = async (
    method: string,
    path: string,
    {
      key = STATIC_KEY,
      body,
      headers = {},
    }: { key?: string | null; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> => {
    const sent = new Headers(headers);
    if (key !== null && !sent.has("authorization")) sent.set("authorization", `Bearer ${key}`);
    const isText = typeof body === "string";
    if (body !== undefined && !isText) sent.set("content-type", "application/json");
    const response = await fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: sent,
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      }),
    );
    const text = await wholeText(response);
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  const keyWith = async (...scopes: string[]) =>
    (await apiKeys.create({ name: "test", scopes }, OPERATOR)).key;

  return {
    ...core,
    ...content,
    tools,
    policies,
    approvals,
    missingNames,
    app,
    ...access,
    access,
    log,
    fetch,
    send,
    keyWith,
    lines,
  };
}

export type HttpFixture = Awaited<ReturnType<typeof createHttpFixture>>;

const unavailable = async (): Promise<never> => {
  throw new Error("This fixture's integrations are made of plain functions.");
};

function viewOf([id, { handle, version, setup, tools = [], dispatchers = [], settings = [] }]: [
  string,
  TestIntegration,
]): IntegrationView {
  return {
    id,
    name: id,
    source: "builtin",
    folder: `/srv/integrations/${id}`,
    status: handle ? "ready" : "quarantined",
    isLive: handle !== undefined,
    version: version ?? null,
    icon: setup?.icon ?? "Plug",
    error: handle
      ? null
      : { reason: "Unexpected end of file", file: `/srv/integrations/${id}/router.ts`, line: 3 },
    hasRouter: handle !== undefined,
    tools,
    dispatchers,
    hooks: [],
    skills: [],
    carapaces: [],
    templates: [],
    meta: null,
    setup: setup ?? null,
    enabled: true,
    pending: null,
    settings,
    process: null,
    accounts: [],
  };
}

/** A folder that exists once something is written there; root can write anywhere, and what is left would meet the next run. */
function homeOf(db: TestDatabase): string {
  const home = join(tmpdir(), `heddle-http-${crypto.randomUUID()}`);
  db.beforeClose(() => rm(home, { recursive: true, force: true }));
  return home;
}
