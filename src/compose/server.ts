// The server: the shared parts, HTTP, the background processes of integrations, and a worker.

import { join } from "node:path";
import { ADMIN } from "../access/scopes.ts";
import { showSignInLink, type Terminal } from "../access/show-sign-in-link.ts";
import type { Config } from "../config/config.ts";
import { openLocalDoor } from "../config/local-server.ts";
import { loopbackUrl, reachableUrl } from "../config/own-url.ts";
import { withStored } from "../config/public-url.ts";
import { createWriteProbe } from "../db/write-probe.ts";
import { errorMessage } from "../errors.ts";
import type { ServerFacts } from "../http/api/routes/about.ts";
import { createApp } from "../http/app.ts";
import { installDependencies } from "../integrations/loading/install.ts";
import type { Integrations } from "../integrations/registry/integrations.ts";
import type { Settings } from "../integrations/settings/settings.ts";
import type { Logger } from "../log.ts";
import { toolFactsFrom } from "../policies/registered-tools.ts";
import { processScopes } from "../processes/permissions.ts";
import { createSupervisor, type Processes } from "../processes/supervisor.ts";
import { during } from "../runtime/activity.ts";
import { asset, build } from "../runtime/assets.ts";
import { type Confinement, createConfinement } from "../runtime/confine.ts";
import { hostLimits } from "../runtime/host.ts";
import { type ServeOptions, serve } from "../runtime/serve.ts";
import { createSpawner } from "../runtime/spawn.ts";
import { createWebFiles } from "../runtime/web-files.ts";
import type { Worker } from "../worker/worker.ts";
import { openAccess } from "./access.ts";
import { type Closers, openWithClosers } from "./closers.ts";
import { type Core, openCore } from "./core.ts";
import { createGuard } from "./guard.ts";
import { outsideOfRuns } from "./outside-of-runs.ts";
import type { Instrument } from "./storage.ts";

/** A running server or worker. */
export interface Heddle {
  /** Where the server answers; null for a worker alone. */
  url: string | null;
  /** Lets running tasks finish or returns them to the queue, and closes everything. */
  close(): Promise<void>;
}

/** A server with the parts that `heddle dev` observes. */
interface HeddleServer extends Heddle {
  /** The model that answers and its host; undefined: none is configured. */
  model: string | undefined;
  /** Where others reach it; undefined if only the operator could know. */
  baseUrl(): string | undefined;
  integrations: Integrations;
  settings: Settings;
  /** A key as the process of this integration has one, with all scopes. */
  keyOf(integrationId: string): string;
}

interface ServerOptions {
  guarded?: boolean;
  /** Where the link to sign in with is printed. Default: nowhere. */
  terminal?: Terminal;
}

/** Larger bodies are refused unread; routes have lower limits of their own. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Starts a server and its worker. Resolves when the server listens; integrations continue to load. */
export function startServer(
  config: Config,
  instrument?: Instrument,
  { guarded = false, terminal }: ServerOptions = {},
): Promise<HeddleServer> {
  return openWithClosers(async (closers) => {
    let url = "";
    const core = await openCore(config, closers, { instrument, ownUrl: () => reachableUrl(url) });
    const { storage, content, integrations, conversation, schedules, agent, apiKeys, baseUrl } = core;
    const { db, log, instruments } = storage;
    const access = await openAccess(config, storage, apiKeys, closers);
    const { registry, settings } = integrations;
    const probe = createWriteProbe({ query: db.query, log });
    const guard = guarded ? await createGuard({ config, probe, log }) : undefined;
    if (guard) closers.push(guard.close);
    const processes = await createProcesses(config, core, () => url, closers);
    const stopping = new AbortController();
    const app = createApp(
      {
        conversation: { ...conversation, schedules, budgets: core.budgets, people: core.people },
        content: { ...content, ...agent, ...outsideOfRuns(core, stopping.signal) },
        integrations: {
          ...integrations,
          activations: agent.activations,
          installPackages: installing(config, log),
        },
        access,
        processes,
        ...modelsAndTools(core),
      },
      {
        version: build.version,
        db,
        log,
        baseUrl,
        publicUrl: core.publicUrl.current,
        localUrl: () => loopbackUrl(url),
        webhookRateLimit: config.webhookRateLimit,
        webhookBytesInFlight: config.webhookBytesInFlight,
        trustedProxies: config.trustedProxies,
        isReady: probe.check,
        signal: stopping.signal,
        scalarBundle: () => asset("scalar.js"),
        webFiles: createWebFiles(),
        ...shownAndAsked(config, core),
      },
    );
    core.callers.serveWith((request) => app.fetch(request, { address: "127.0.0.1" }));
    const listener = serve({
      hostname: config.host,
      port: config.port,
      maxBodyBytes: MAX_BODY_BYTES,
      fetch: named(instruments?.fetch(app.fetch) ?? app.fetch),
      onError: (error) => log.getChild("http").error("An answer could not be sent: {error}", { error }),
    });
    url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${listener.port}`;
    log.info("Listening on {url} with the {database} database in {home}", {
      url,
      version: build.version,
      database: db.kind,
      home: config.home,
      model: core.models.described() ?? "offline",
    });
    if (hostLimits) log.warning(hostLimits);
    let worker: Promise<Worker> | undefined;
    // Requests stop first, so that no new work arrives while runs finish.
    closers.push(async () => {
      await listener.close();
      await (await worker)?.close();
    });
    const door = openDoor(config, core, { url: loopbackUrl(url), fetch: app.fetch });
    closers.push(door.close);
    // Printed late, because a start that fails must not print one.
    if (terminal) await showSignInLink({ ...access, ...linkFacts(config, core, url), log, terminal });
    // A first probe now, so that the first request of /ready is answered at once.
    await probe.check().catch(() => {});
    integrations.callLifecycle();
    // Loading starts once the server listens, because hundreds of integrations keep the processor busy for a while.
    closers.push(registry.onChange(storage.events.integrationChanged));
    core.loadIntegrations();
    worker = registry.whenReady.then(() => agent.startWorker());
    void registry.whenReady.then(processes.supervise);
    void registry.whenReady.then(() =>
      integrations.listeners.supervise({ integrations: registry, settings, accounts: integrations.accounts }),
    );
    void registry.whenReady.then(schedules.start);
    // Closed before everything else, so that the last requests of processes reach a server that answers.
    closers.push(processes.close, integrations.listeners.close, () => stopping.abort());
    guard?.arm();
    return { url, integrations: registry, settings, ...knownAtStart(core) };
  });
}

const knownAtStart = ({ models, baseUrl, keyOf }: Core) => ({ model: models.described(), baseUrl, keyOf });

const modelsAndTools = ({ models, mcp, codingAgents, policies, approvals, content: { tools } }: Core) => ({
  models,
  mcp,
  codingAgents,
  policies: { policies, approvals, toolOf: toolFactsFrom(tools) },
});

const shownAndAsked = (config: Config, core: Core) => ({
  logs: core.storage.logs,
  callers: core.callers,
  server: serverFacts(config, core),
});

const serverFacts = (config: Config, { models, publicUrl }: Core): ServerFacts => ({
  commit: build.commit,
  platform: `${process.platform} ${process.arch}`,
  startedAt: new Date(),
  home: config.home,
  model: models.described,
  settings: () => withStored(config.variables, publicUrl),
  publicUrl,
  notice: () => asset("NOTICE"),
});

const linkFacts = ({ apiKey, signIn }: Config, { publicUrl }: Core, url: string) => ({
  url: publicUrl.current() ?? loopbackUrl(url),
  hasApiKey: apiKey !== undefined,
  linkMinutes: signIn.linkMinutes,
});

/** Opens the socket over which the command line talks to this server. */
function openDoor(
  { home }: Config,
  { apiKeys, storage: { log, redactor } }: Core,
  at: Pick<Parameters<typeof openLocalDoor>[0], "url" | "fetch">,
) {
  const { key } = apiKeys.issueEphemeral({ name: "The command line of this machine", scopes: [ADMIN] });
  redactor.add(key);
  return openLocalDoor({
    ...at,
    home,
    pid: process.pid,
    key,
    maxBodyBytes: MAX_BODY_BYTES,
    onTrouble: (error) =>
      log.warning("The socket for the command line could not be opened: {reason}", {
        reason: errorMessage(error),
      }),
  });
}

/** Installs the packages of an integration, with a line in the log for each line of the package manager. */
const installing = (config: Config, log: Logger) => (folder: string, packages?: readonly string[]) =>
  installDependencies(folder, {
    environment: config.environment,
    packages,
    onLine: (line) => log.info("Installing in {folder}: {line}", { folder, line }),
    // The connection of the waiting client is cut after 255 s.
    timeoutMs: 240_000,
  });

/**
 * Names the current activity for the watchdog, with only the first parts of the path, because the rest may hold
 * secrets.
 */
const named =
  (fetch: ServeOptions["fetch"]): ServeOptions["fetch"] =>
  (request, client) =>
    during(
      () => `a request (${request.method} ${request.url.split("/", 6).slice(3).join("/").split("?")[0]})`,
      () => fetch(request, client),
    );

/** Supervises the background processes of integrations. Only servers have them, workers do not. */
async function createProcesses(
  config: Config,
  { storage: { db, log, redactor }, integrations: { registry, settings, states }, apiKeys, baseUrl }: Core,
  url: () => string,
  closers: Closers,
): Promise<Processes> {
  const serverId = crypto.randomUUID();
  const processLog = log.getChild("processes");
  const confine = () =>
    createConfinement({
      home: config.home,
      wanted: config.processConfinement,
      paths: config.processPaths,
    });
  // A configured kind must work, so it is checked at once. "auto" is detected by starting programs, which waits until
  // the integrations have loaded, because nothing is confined before.
  const confinement = Promise.resolve(
    config.processConfinement === "auto" ? registry.whenReady.then(confine) : await confine(),
  );
  void confinement.then(
    (found) => logConfinement(found, processLog),
    () => undefined,
  );
  const spawner = createSpawner({ serverId, home: config.home, confinement, log: processLog });
  closers.push(spawner.close);
  const { PATH: path, LANG: lang } = config.environment;
  return createSupervisor({
    db,
    serverId,
    integrations: registry,
    settings,
    states,
    spawner,
    issueKey: (owner) =>
      apiKeys.issueEphemeral({
        name: `The process of ${owner.id}`,
        scopes: processScopes(owner),
        integrationId: owner.id,
      }),
    url: () => loopbackUrl(url()),
    baseUrl,
    surroundings: { path, lang, timezone: config.timezone },
    confinement,
    stateDir: join(config.home, "processes"),
    redact: redactor.redactLine,
    addSecret: redactor.add,
    log: processLog,
  });
}

function logConfinement({ kind, reason }: Confinement, log: Logger): void {
  if (kind !== "none") log.info("Background processes are confined by {kind}", { kind });
  else if (reason !== null) {
    log.warning(
      "Background processes are NOT confined: they can read everything that this user can read, including the keys in the home folder. Neither way to confine them works on this system; docs/operating.md says what each needs. {reason}",
      { reason },
    );
  }
}
