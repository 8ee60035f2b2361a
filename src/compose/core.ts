// The parts of Heddle that a server and a worker share: makes each one, and hands it what it needs.

import { join } from "node:path";
import { createApiKeys } from "../access/api-keys.ts";
import { createGetSkillTool } from "../agent/tools/builtin/get-skill.ts";
import { createSearchDocumentsTool } from "../agent/tools/builtin/search-documents.ts";
import { createWorkspaceTools } from "../agent/tools/builtin/workspace.ts";
import { createToolRegistry } from "../agent/tools/registry.ts";
import { createAgent } from "../agent/turn.ts";
import type { Instruments } from "../authoring/dev/instruments.ts";
import { activationIn } from "../capabilities/activated.ts";
import { createActivations } from "../capabilities/activations.ts";
import { createCapabilities } from "../capabilities/effective-set.ts";
import { createBindings } from "../channels/bindings.ts";
import { createChannelSessions } from "../channels/channel-sessions.ts";
import { createChannels } from "../channels/channels.ts";
import { findBindable } from "../channels/check-binding.ts";
import { createPlaces } from "../channels/places.ts";
import type { Config } from "../config/config.ts";
import { openHome } from "../config/home.ts";
import { createBots } from "../content/bots/bots.ts";
import { createCarapaces } from "../content/carapaces/carapaces.ts";
import { openCoreContent } from "../content/core-content.ts";
import { createSkills } from "../content/skills/skills.ts";
import { createTemplates } from "../content/templates/templates.ts";
import { openDatabase } from "../db/open.ts";
import { createInternalDispatcher } from "../dispatch/core/internal.ts";
import { noneDispatcher } from "../dispatch/core/none.ts";
import { createWebhookDispatcher } from "../dispatch/core/webhook.ts";
import { createOutbox } from "../dispatch/outbox.ts";
import { createDispatchers, type Dispatchers } from "../dispatch/registry.ts";
import { createCheckConfig, createConfigSealer } from "../dispatch/seal-config.ts";
import { createGuardedFetch } from "../guarded-fetch/fetch.ts";
import { createGuardedPost } from "../guarded-fetch/post.ts";
import { createHooks } from "../hooks/hooks.ts";
import { createHookWebhooks } from "../hooks/webhooks.ts";
import { createInbox } from "../inbox/inbox.ts";
import { integrationSources } from "../integrations/discovery/sources.ts";
import { createSdkServices } from "../integrations/loading/sdk-services.ts";
import { createStandstills } from "../integrations/loading/standstills.ts";
import { createIntegrations, type Integrations } from "../integrations/registry/registry.ts";
import { createReview } from "../integrations/review/review.ts";
import { createEnvironmentNames } from "../integrations/settings/environment-names.ts";
import { createSettings } from "../integrations/settings/settings.ts";
import { createIntegrationStates } from "../integrations/settings/states.ts";
import { createIntegrationStore } from "../integrations/settings/store.ts";
import { createOfflineLlm } from "../llm/offline.ts";
import { createOpenAiLlm } from "../llm/openai.ts";
import { createLog } from "../log.ts";
import { createQueue } from "../queue/queue.ts";
import { createRedactor, type Redact } from "../redact.ts";
import { build, builtinDir, unpackEarly } from "../runtime/assets.ts";
import { closeToImports } from "../runtime/modules.ts";
import { leadToStreams } from "../runtime/outputs.ts";
import { standstillRecord } from "../runtime/standstill-record.ts";
import { redactOutputs } from "../runtime/stray-output.ts";
import { createDocuments } from "../search/documents.ts";
import { createKeptActions } from "../secrets/kept-actions.ts";
import { openKeys, signingSecret } from "../secrets/keys.ts";
import { isGuessable } from "../secrets/strength.ts";
import { urlSecrets } from "../secrets/urls.ts";
import { createVault } from "../secrets/vault.ts";
import { createSessions, type Sessions } from "../sessions/sessions.ts";
import { createTasks } from "../sessions/tasks.ts";
import { createTranscriptionEndpoint } from "../transcription/endpoint.ts";
import { createTranscription } from "../transcription/transcription.ts";
import { createWorker } from "../worker/worker.ts";
import { createOverwritten } from "../workspace/overwritten.ts";
import { createWorkspace } from "../workspace/workspace.ts";
import { createWorkspaceWrites } from "../workspace/writes.ts";

/** Puts something between the parts, to show what passes there. */
export type Instrument = (context: { redact: Redact }) => Instruments;

/** Who sends what the dispatch type "internal" puts into a session: no id of an integration has a space. */
const INTERNAL = "internal dispatch";

/** Their passwords and tokens are secrets as well. */
const urlsOf = (config: Config): string[] =>
  [
    config.databaseUrl,
    config.databaseDirectUrl,
    config.openaiBaseUrl,
    config.transcription?.baseUrl,
    ...config.hookWebhookUrls,
  ].filter((url) => url !== undefined);

function warningsOf({ apiKey, hasPasswordInArguments }: Config): string[] {
  const warnings: string[] = [];
  if (apiKey !== undefined && isGuessable(apiKey)) {
    warnings.push("API_KEY must be hard to guess; this one is not. Take one at random: openssl rand -hex 32");
  }
  if (hasPasswordInArguments) {
    warnings.push(
      "--database-url has a password in it, which the list of processes shows to everybody: set DATABASE_URL instead.",
    );
  }
  return warnings;
}

/** Last opened, first closed. */
export type Closers = (() => Promise<unknown> | unknown)[];

/** What a server and a worker have in common: everything but HTTP and the worker's loop. */
export type Core = Awaited<ReturnType<typeof openCore>>;

/** Each part that is opened leaves its closer. */
export async function openCore(config: Config, closers: Closers, instrument?: Instrument) {
  const notes = config.homeNote === undefined ? [] : [config.homeNote];
  const home = openHome(config.home, (text) => notes.push(text));
  unpackEarly(home.path);
  const redactor = createRedactor();
  redactor.add(...config.secrets, ...urlsOf(config).flatMap(urlSecrets));
  const { redact } = redactor;
  const instruments = instrument?.({ redact });
  const log = await createLog({ level: config.logLevel, format: config.logFormat, redact });
  for (const note of notes) log.warning("{note}", { note });

  for (const warning of warningsOf(config)) log.warn("{warning}", { warning });
  closers.push(redactOutputs(redact));
  closers.push(leadToStreams());

  const db = await openDatabase({
    databaseUrl: config.databaseUrl,
    postgres: {
      directUrl: config.databaseDirectUrl,
      poolSize: config.databasePoolSize,
      answerSeconds: config.databaseAnswerSeconds,
    },
    home: home.path,
    log: log.getChild("db"),
    onProgress: (text) => log.info(text),
  });
  closers.push(db.close);
  const keys = await openKeys(db.query, home, {
    current: config.encryptionKey,
    previous: config.previousEncryptionKeys,
  });
  redactor.add(...keys.all.map(({ bytes }) => bytes.toString("hex")), signingSecret(keys.current));
  const vault = createVault(keys);
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
      signingSecret: signingSecret(keys.current),
    }),
    internal: createInternalDispatcher({
      inject: (message, hops) => sessions.inject(message, INTERNAL, { hops }),
    }),
  });
  const sealer = createConfigSealer({ dispatchers, vault });
  const actions = createKeptActions({ redact, vault });
  const outbox = createOutbox({
    db,
    queue,
    dispatchers: instruments?.dispatchers(dispatchers) ?? dispatchers,
    sealer,
    actions,
    redactor,
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
    addSecret: redactor.add,
    readEnvironment: createEnvironmentNames({
      environment: config.environment,
      isOwnVariable: config.isOwnVariable,
      ids: () => integrations.ids(),
      favoured: config.favouredIntegrations,
      log: log.getChild("integrations"),
    }),
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

  const store = createIntegrationStore({ db, vault, addSecret: redactor.addPassing });
  const writes = createWorkspaceWrites(db);
  const workspace = await createWorkspace({
    dir: home.workspace,
    writes,
    overwritten: createOverwritten({ dir: home.overwritten }),
    whyNotIntegration: (id) => {
      const source = integrations.get(id)?.source ?? "workspace";
      return source === "workspace" ? undefined : `The integration "${id}" is not one of the workspace.`;
    },
  });
  closeToImports(workspace.root);
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
    standstills: createStandstills({
      record: standstillRecord(home.path),
      file: join(home.cache, "standstills.json"),
    }),
    review: createReview({ dir: workspace.root, keptIn: home.versions, writes }),
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
    vault,
    log: log.getChild("inbox"),
    redact,
    maxBodyBytes: config.inboxMaxBodyBytes,
    retentionDays: config.inboxRetentionDays,
  });
  closers.push(inbox.close);
  const places = createPlaces({ metas: integrations.metas, log: log.getChild("channels") });
  const checkConfig = createCheckConfig({ dispatchers, settled });
  const sessions: Sessions = createSessions({
    db,
    queue,
    outbox,
    dispatchers,
    places,
    vault,
    checkConfig,
    sealer,
    settled,
    recordOf: inbox.recordOf,
    log: log.getChild("sessions"),
  });
  const channelSessions = createChannelSessions({ db, sealer });
  const tasks = createTasks({ db, queue });
  const bots = createBots(db.query);
  await bots.seed([join(manifests, "bots"), home.bots], log);
  const channels = createChannels({ db, checkConfig, sealer, places, botExists: bots.exists });
  const bindings = createBindings({
    db,
    checkConfig,
    sealer,
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
    actions,
    settings: {
      defaultModel: config.defaultModel,
      contextWindow: config.contextWindow,
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
      sealer,
      redact,
      log: log.getChild("worker"),
      concurrency: config.workerConcurrency,
      maxRunSeconds: config.taskMaxRunSeconds,
      maxUnattendedRuns: config.unattendedRunsPerHour,
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
    places,
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
