// The map of Heddle: makes each part, hands it what it needs, and closes everything in reverse order.

import { join } from "node:path";
import { createGetSkillTool } from "./agent/tools/builtin/get-skill.ts";
import { createSearchDocumentsTool } from "./agent/tools/builtin/search-documents.ts";
import { createWorkspaceTools } from "./agent/tools/builtin/workspace.ts";
import { createToolRegistry } from "./agent/tools/registry.ts";
import { createAgent } from "./agent/turn.ts";
import type { Instruments } from "./authoring/dev/instruments.ts";
import { createBots } from "./bots/bots.ts";
import { activationIn } from "./capabilities/activated.ts";
import { createActivations } from "./capabilities/activations.ts";
import { createCapabilities } from "./capabilities/effective-set.ts";
import { createCarapaces } from "./carapaces/carapaces.ts";
import { createBindings } from "./channels/bindings.ts";
import { createChannelSessions } from "./channels/channel-sessions.ts";
import { createChannels } from "./channels/channels.ts";
import { findBindable } from "./channels/check-binding.ts";
import { createPlaces } from "./channels/places.ts";
import { runCli } from "./cli.ts";
import { createCommands } from "./commands.ts";
import type { Config } from "./config.ts";
import { openCoreContent } from "./content/core-content.ts";
import { openDatabase } from "./db/open.ts";
import { createInternalDispatcher } from "./dispatch/core/internal.ts";
import { noneDispatcher } from "./dispatch/core/none.ts";
import { createWebhookDispatcher } from "./dispatch/core/webhook.ts";
import { createOutbox } from "./dispatch/outbox.ts";
import { createDispatchers, type Dispatchers } from "./dispatch/registry.ts";
import { createSealConfig } from "./dispatch/seal-config.ts";
import { HeddleError } from "./errors.ts";
import { createGuardedFetch } from "./guarded-fetch/fetch.ts";
import { createGuardedPost } from "./guarded-fetch/post.ts";
import { encryptionKey, openHome, signingSecret } from "./home.ts";
import { createHooks } from "./hooks/hooks.ts";
import { createHookWebhooks } from "./hooks/webhooks.ts";
import { createApiKeys } from "./http/api-keys.ts";
import { createApp } from "./http/app.ts";
import { createFirstKey } from "./http/first-key.ts";
import { createInbox } from "./inbox/inbox.ts";
import { installDependencies } from "./integrations/install.ts";
import { createIntegrations, type Integrations } from "./integrations/registry.ts";
import { createReview } from "./integrations/review.ts";
import { createSdkServices } from "./integrations/sdk-services.ts";
import { createSettings, type Settings } from "./integrations/settings.ts";
import { integrationSources } from "./integrations/sources.ts";
import { createIntegrationStates } from "./integrations/states.ts";
import { createIntegrationStore } from "./integrations/store.ts";
import { createOfflineLlm } from "./llm/offline.ts";
import { createOpenAiLlm } from "./llm/openai.ts";
import { announceServer } from "./local-server.ts";
import { createLog } from "./log.ts";
import { processScopes } from "./processes/permissions.ts";
import { createSupervisor, type Processes } from "./processes/supervisor.ts";
import { createQueue } from "./queue/queue.ts";
import { createRedactor, type Redact } from "./redact.ts";
import { asset, build, builtinDir } from "./runtime/assets.ts";
import { serve } from "./runtime/serve.ts";
import { createSpawner } from "./runtime/spawn.ts";
import { ADMIN } from "./scopes.ts";
import { createDocuments } from "./search/documents.ts";
import { createSessions, type Sessions } from "./sessions/sessions.ts";
import { createTasks } from "./sessions/tasks.ts";
import { createSkills } from "./skills/skills.ts";
import { createTemplates } from "./templates/templates.ts";
import { createTranscriptionEndpoint } from "./transcription/endpoint.ts";
import { createTranscription } from "./transcription/transcription.ts";
import { checkEncryptionKey, createVault } from "./vault.ts";
import { createWorker, type Worker } from "./worker/worker.ts";
import { createWorkspace } from "./workspace/workspace.ts";
import { createWorkspaceWrites } from "./workspace/writes.ts";

/** A running server or worker. */
export interface Heddle {
  /** Where the server answers; null for a worker alone. */
  url: string | null;
  /** The first start's admin key: shown now and never again. */
  adminKey: string | null;
  /** Lets what runs finish, or hands it back, and closes everything. */
  close(): Promise<void>;
}

/** What `heddle dev` looks at besides. */
interface HeddleServer extends Heddle {
  integrations: Integrations;
  settings: Settings;
}

/** Puts something between the parts, to show what passes there. */
type Instrument = (context: { redact: Redact }) => Instruments;

/** Last opened, first closed. */
type Closers = (() => Promise<unknown> | unknown)[];

/** Bodies beyond this are refused unread; the routes have lower limits of their own. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The server, with a worker in it. Resolves when it listens; integrations go on loading behind it. */
export function startServer(config: Config, instrument?: Instrument): Promise<HeddleServer> {
  return start(async (closers) => {
    const core = await openCore(config, closers, instrument);
    const { db, log, apiKeys, integrations, settings, instruments } = core;
    let url = "";
    const processes = await createProcesses(config, core, () => url, closers);
    const app = createApp({
      ...core,
      processes,
      redact: core.redactor.redact,
      installPackages: (folder, packages) =>
        installDependencies(folder, {
          environment: config.environment,
          packages,
          onLine: (line) => log.info("Installing in {folder}: {line}", { folder, line }),
          // A connection on which nothing is sent is closed after 255 s.
          timeoutMs: 240_000,
        }),
      baseUrl: () => config.baseUrl ?? url,
      version: build.version,
      webhookRateLimit: config.webhookRateLimit,
      isReady: async () => void (await db.execute("select 1")),
      scalarBundle: () => asset("scalar.js"),
    });
    const listener = serve({
      hostname: config.host,
      port: config.port,
      maxBodyBytes: MAX_BODY_BYTES,
      fetch: instruments?.fetch(app.fetch) ?? app.fetch,
    });
    url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${listener.port}`;
    log.info("Listening on {url}", { url, version: build.version, database: db.kind, home: config.home });
    let worker: Promise<Worker> | undefined;
    // Requests first, so that nothing new comes in while runs finish.
    closers.push(async () => {
      await listener.close();
      await (await worker)?.close();
    });
    const { key } = apiKeys.lend({ name: "The command line of this machine", scopes: [ADMIN] });
    core.redactor.add(key);
    closers.push(announceServer(config.home, { url: loopback(url), key, pid: process.pid }).withdraw);
    // Only now: a key that a failed start swallowed could never be shown again.
    const adminKey = await createFirstKey(db, apiKeys);
    // Now that it answers: hundreds of integrations keep the processor busy for a while.
    core.loadIntegrations();
    worker = integrations.whenSettled.then(() => core.startWorker());
    void integrations.whenSettled.then(processes.supervise);
    // First of all: what they still have to say they say to a server that answers.
    closers.push(processes.close);
    return { url, adminKey, integrations, settings };
  });
}

/** A worker alone. Several may share one PostgreSQL. */
export function startWorker(config: Config): Promise<Heddle> {
  return start(async (closers) => {
    if (!config.databaseUrl) {
      throw new HeddleError(
        "config",
        "A worker alone needs DATABASE_URL: the embedded database belongs to one process, and `heddle serve` runs a worker in it.",
        { field: "DATABASE_URL" },
      );
    }
    const core = await openCore(config, closers);
    core.loadIntegrations();
    await core.integrations.whenSettled;
    const worker = core.startWorker();
    closers.push(worker.close);
    core.log.info("Working", { version: build.version, concurrency: config.workerConcurrency });
    return { url: null, adminKey: null };
  });
}

/** Everything but HTTP and the worker. */
async function openCore(config: Config, closers: Closers, instrument?: Instrument) {
  const home = openHome(config.home);
  const redactor = createRedactor();
  redactor.add(...config.secrets);
  const { redact } = redactor;
  const instruments = instrument?.({ redact });
  const log = await createLog({ level: config.logLevel, format: config.logFormat, redact });

  const db = await openDatabase({
    databaseUrl: config.databaseUrl,
    home: home.path,
    log: log.getChild("db"),
    onProgress: (text) => log.info(text),
  });
  closers.push(db.close);
  const key = encryptionKey(home, config.encryptionKey);
  const vault = createVault(key, redactor.add);
  await checkEncryptionKey(db.query, vault);
  const queue = await createQueue({ db, log: log.getChild("queue") });
  closers.push(queue.close);

  const { allowPrivateHosts } = config;
  const guardedPost = createGuardedPost(createGuardedFetch({ allowPrivateHosts }));
  const tools = createToolRegistry();
  const skills = createSkills();
  const carapaces = createCarapaces();
  const templates = createTemplates();
  const hookWebhooks = createHookWebhooks({
    urls: config.hookWebhookUrls,
    secret: config.hookWebhookSecret,
    post: guardedPost,
    log: log.getChild("hooks"),
  });
  closers.push(hookWebhooks.close);
  const hooks = createHooks({
    log: log.getChild("hooks"),
    redact,
    ...(config.hookWebhookUrls.length > 0 && { onEvent: hookWebhooks.send }),
  });
  closers.push(hooks.close);
  const dispatchers: Dispatchers = createDispatchers({
    none: noneDispatcher,
    webhook: createWebhookDispatcher({
      post: guardedPost,
      signingSecret: signingSecret(key),
    }),
    internal: createInternalDispatcher({ inject: (message) => sessions.inject(message) }),
  });
  const outbox = createOutbox({
    db,
    queue,
    dispatchers: instruments?.dispatchers(dispatchers) ?? dispatchers,
    vault,
    redact,
    log: log.getChild("dispatch"),
  });
  const documents = createDocuments({ db });
  tools.add(
    "core",
    createSearchDocumentsTool(({ query, limit }, { session_id }) =>
      documents.search({ query, limit, visibleIn: session_id }),
    ),
  );

  const settings = createSettings({
    db,
    vault,
    environment: config.environment,
    log: log.getChild("integrations"),
  });
  await settings.load();
  closers.push(settings.close);
  const states = createIntegrationStates({ db, log: log.getChild("integrations") });
  await states.load();
  closers.push(states.close);
  tools.add("core", createGetSkillTool(skills));
  const manifests = await builtinDir("manifests", home.path);
  const content = await openCoreContent({
    folders: [
      { dir: manifests, origin: { kind: "builtin" } },
      { dir: home.path, origin: { kind: "home" } },
    ],
    sinks: { skills, carapaces, templates },
    log: log.getChild("content"),
  });
  closers.push(content.close);

  const store = createIntegrationStore({ db, vault, addSecret: redactor.add });
  const writes = createWorkspaceWrites(db);
  const workspace = await createWorkspace({
    dir: home.workspace,
    writes,
    whyNotIntegration: (id) => {
      const source = integrations.get(id)?.source ?? "workspace";
      return source === "workspace" ? undefined : `The integration "${id}" is not one of the workspace.`;
    },
  });
  for (const tool of createWorkspaceTools(workspace)) tools.add("core", tool);
  const integrations: Integrations = createIntegrations({
    sources: await integrationSources({ ...config, home: home.path, workspace: home.workspace }),
    cacheDir: join(home.cache, "integrations"),
    version: build.version,
    watch: true,
    log: log.getChild("integrations"),
    sinks: { tools, dispatchers, hooks, skills, carapaces, templates },
    states,
    redact,
    review: createReview({ dir: workspace.root, writes }),
    backendFor: (id) =>
      createSdkServices(id, {
        sessions,
        documents,
        settings,
        store,
        addSecret: redactor.add,
        allowPrivateHosts,
      }),
  });
  closers.push(integrations.close);
  closers.push(settings.onChange(integrations.retry));
  const approvals = await writes.onApproved(() => void integrations.recheckPending());
  closers.push(approvals.close);
  const { whenSettled: settled } = integrations;
  const inbox = createInbox({
    db,
    log: log.getChild("inbox"),
    redact,
    maxBodyBytes: config.inboxMaxBodyBytes,
    retentionDays: config.inboxRetentionDays,
  });
  closers.push(inbox.close);
  const places = createPlaces({ metas: integrations.metas, log: log.getChild("channels") });
  const seal = createSealConfig({ dispatchers, vault, settled });
  const sessions: Sessions = createSessions({
    db,
    queue,
    outbox,
    dispatchers,
    places,
    vault,
    seal,
    settled,
    recordOf: inbox.recordOf,
    log: log.getChild("sessions"),
  });
  const channelSessions = createChannelSessions(db);
  const tasks = createTasks({ db, queue });
  const bots = createBots(db.query);
  await bots.seed([join(manifests, "bots"), home.bots], log);
  const channels = createChannels({ db, seal, places, botExists: bots.exists });
  const bindings = createBindings({
    db,
    seal,
    vault,
    places,
    bindable: (type) => findBindable(integrations.list(), type),
    settled,
  });
  const apiKeys = createApiKeys({ db, log: log.getChild("http"), staticKey: config.apiKey });
  closers.push(apiKeys.close);
  const loadIntegrations = () =>
    void integrations.loadAll().catch((error) => log.error("Looking for integrations: {error}", { error }));

  const capabilitiesOf = createCapabilities({
    skills,
    carapaces,
    templates,
    activationOf: (id) => activationIn(integrations.get(id)?.setup),
  });
  const activations = createActivations({
    db,
    integrations,
    carapaces,
    hasTool: (name) => tools.get(name) !== undefined,
  });
  const configuredLlm =
    config.openaiApiKey || config.openaiBaseUrl
      ? createOpenAiLlm({
          apiKey: config.openaiApiKey,
          baseUrl: config.openaiBaseUrl,
          log: log.getChild("llm"),
          redact,
        })
      : createOfflineLlm({ search: (query) => documents.search({ query, limit: 3, visibleIn: null }) });
  const llm = instruments?.llm(configuredLlm) ?? configuredLlm;
  const transcription = createTranscription({
    hooks,
    endpoint: config.transcription && createTranscriptionEndpoint({ ...config.transcription, redact }),
  });
  const agent = createAgent({
    db,
    llm,
    tools,
    capabilitiesOf,
    hooks,
    log: log.getChild("agent"),
    redact,
    settings: {
      defaultModel: config.defaultModel,
      fallbackModels: [...config.fallbackModels],
      timezone: config.timezone,
    },
  });
  const startWorker = () =>
    createWorker({
      db,
      queue,
      agent,
      outbox,
      redact,
      log: log.getChild("worker"),
      concurrency: config.workerConcurrency,
      maxRunSeconds: config.taskMaxRunSeconds,
    });
  return {
    db,
    log,
    instruments,
    redactor,
    apiKeys,
    store,
    transcription,
    inbox,
    sessions,
    channels,
    channelSessions,
    bindings,
    tasks,
    outbox,
    bots,
    documents,
    settings,
    states,
    integrations,
    skills,
    carapaces,
    templates,
    capabilitiesOf,
    activations,
    loadIntegrations,
    startWorker,
  };
}

/** The background processes of integrations: a server's, not a worker's. */
async function createProcesses(
  config: Config,
  { db, log, apiKeys, integrations, settings, states, redactor }: Awaited<ReturnType<typeof openCore>>,
  url: () => string,
  closers: Closers,
): Promise<Processes> {
  const serverId = crypto.randomUUID();
  const processLog = log.getChild("processes");
  const spawner = createSpawner({ serverId, home: config.home, log: processLog });
  closers.push(spawner.close);
  const { PATH: path, HOME: home, LANG: lang } = config.environment;
  return createSupervisor({
    db,
    serverId,
    integrations,
    settings,
    states,
    spawner,
    lendKey: (owner) => apiKeys.lend({ name: `The process of ${owner.id}`, scopes: processScopes(owner) }),
    url: () => loopback(url()),
    surroundings: { path, home, lang, timezone: config.timezone },
    redact: redactor.redact,
    addSecret: redactor.add,
    log: processLog,
  });
}

/** On this machine a server that listens on all addresses is reached by the loopback. */
const loopback = (url: string): string =>
  url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");

/** Closes what was opened, also when a later part cannot start. */
async function start<Opened extends Omit<Heddle, "close">>(
  open: (closers: Closers) => Promise<Opened>,
): Promise<Opened & Pick<Heddle, "close">> {
  const closers: Closers = [];
  const close = async () => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    return { ...(await open(closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

if (import.meta.main) {
  process.exitCode = await runCli(process.argv.slice(2), createCommands({ startServer, startWorker }));
}
