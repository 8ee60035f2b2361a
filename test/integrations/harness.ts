// Integrations in temporary folders, loaded by the real loader into recording registries.

import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import { createDispatchers } from "../../src/dispatch/registry.ts";
import type { IntegrationSource } from "../../src/integrations/discovery/discover.ts";
import type { IntegrationsOptions, ServicesFor } from "../../src/integrations/registry/integrations.ts";
import { createLifecycle } from "../../src/integrations/registry/lifecycle.ts";
import { createIntegrations } from "../../src/integrations/registry/registry.ts";
import type { RegisteredHook } from "../../src/sdk/backend.ts";
import { fetchWithTimeout } from "../../src/sdk/fetch.ts";
import { createMemoryStore } from "../../src/sdk/testing-store.ts";

export type Files = Record<string, string>;

/** A folder that is removed after the test: `await using`. */
export async function temporaryFolder() {
  const path = await realpath(await mkdtemp(join(tmpdir(), "heddle-test-")));
  return {
    path,
    /** Writes files below the folder; an integration's are "name/router.ts". */
    async write(files: Files): Promise<void> {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

interface HarnessOptions
  extends Partial<
    Pick<
      IntegrationsOptions,
      "watch" | "log" | "loadTimeoutMs" | "pace" | "retryPauses" | "states" | "review" | "stalls"
    >
  > {
  servicesFor?: ServicesFor;
  sources?: IntegrationSource[];
  cacheDir?: string;
  environment?: Record<string, string>;
  /** Replaces `environment`. */
  getSetting?: (integrationId: string, key: string) => string | undefined;
}

/** A folder "all" of integrations, loaded by `loadAll()`. */
export async function harness(files: Files, options: HarnessOptions = {}) {
  const folder = await temporaryFolder();
  await folder.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`all/${name}`, text])));
  await mkdir(join(folder.path, "all"), { recursive: true });
  const tools = createToolRegistry();
  const dispatchers = createDispatchers({});
  const hooks = new Map<string, RegisteredHook[]>();
  const skills = createSkills();
  const carapaces = createCarapaces();
  const templates = createTemplates();
  const lifecycle = createLifecycle({ log: getLogger("test"), folderOf: (id) => registry.get(id)?.folder });
  const secrets: string[] = [];
  const nothing = async () => {
    throw new Error("no server");
  };
  const servicesFor: ServicesFor =
    options.servicesFor ??
    ((id) => ({
      getOrCreateSession: nothing,
      injectMessage: nothing,
      injectEvent: nothing,
      ingestDocument: nothing,
      searchDocuments: nothing,
      getSetting: (key) => options.getSetting?.(id, key) ?? options.environment?.[key],
      fetch: fetchWithTimeout,
      store: createMemoryStore(),
      askAsCaller: nothing,
      publish: async () => {},
      reportConnection: nothing,
      controls: {
        findChannel: nothing,
        patchChannel: nothing,
        resetSession: nothing,
        unfinishedTasks: nothing,
        cancelTask: nothing,
      },
      people: { check: nothing, list: nothing },
      server: {
        baseUrl: () => "https://heddle.example",
        integrationId: () => id,
        webhookPath: () => undefined,
      },
      addSecret: (value) => void secrets.push(value),
    }));
  const registry = createIntegrations({
    sources: options.sources ?? [{ kind: "external", dir: join(folder.path, "all") }],
    cacheDir: options.cacheDir ?? join(folder.path, "cache"),
    version: "1.0.0",
    watch: options.watch ?? false,
    log: options.log ?? getLogger("test"),
    sinks: {
      tools,
      dispatchers,
      hooks: { replaceOwner: (owner, own) => void hooks.set(owner, own) },
      lifecycle,
      listeners: { replaceOwner: () => {} },
      accounts: { replaceOwner: () => {} },
      skills,
      carapaces,
      templates,
    },
    ...(options.states && { states: options.states }),
    ...(options.review && { review: options.review }),
    ...(options.stalls && { stalls: options.stalls }),
    ...(options.pace && { pace: options.pace }),
    ...(options.retryPauses && { retryPauses: options.retryPauses }),
    ...(options.loadTimeoutMs !== undefined && { loadTimeoutMs: options.loadTimeoutMs }),
  });
  const integrations = { ...registry, loadAll: () => registry.loadAll(servicesFor) };
  return {
    integrations,
    tools,
    dispatchers,
    hooks,
    lifecycle,
    skills,
    carapaces,
    templates,
    secrets,
    /** Returns the path of a file of an integration. */
    path: (name: string) => join(folder.path, "all", name),
    write: (changed: Files) =>
      folder.write(Object.fromEntries(Object.entries(changed).map(([name, text]) => [`all/${name}`, text]))),
    remove: (name: string) => rm(join(folder.path, "all", name), { recursive: true }),
    async get(id: string, path: string): Promise<string> {
      const router = integrations.routerOf(id);
      if (!router) throw new Error(`${id} has no router`);
      return (await router.handle(new Request(`http://localhost${path}`))).text();
    },
    /** Runs a registered tool as an agent would. */
    call: (name: string): unknown => tools.get(name)?.run({} as never, {} as never),
    async [Symbol.asyncDispose]() {
      await integrations.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export const routerSaying = (text: string): string =>
  `import { Elysia } from "heddle/sdk";\nexport const router = new Elysia().get("/say", () => ${JSON.stringify(text)});\n`;

export const toolNamed = (name: string, body = "() => 1"): string =>
  `import { register } from "heddle/sdk";\nregister({ name: ${JSON.stringify(name)}, description: "A tool." }, ${body});\n`;

/** Adds a listener and resolves with the arguments of its next call. */
export const nextCall = <Args extends unknown[]>(
  add: (listener: (...args: Args) => void) => () => void,
): Promise<Args> =>
  new Promise((resolve) => {
    const stop = add((...args) => {
      stop();
      resolve(args);
    });
  });
