// Loads a built-in integration as the server does, over a test's services.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { getLogger } from "@logtape/logtape";
import { createDispatchers, type Dispatchers } from "../../src/dispatch/registry.ts";
import { answerError } from "../../src/http/errors.ts";
import { createIntegrations } from "../../src/integrations/registry/registry.ts";
import type { IntegrationView } from "../../src/integrations/registry/view.ts";
import type { SdkServices } from "../../src/sdk/backend.ts";
import { fetchWithTimeout } from "../../src/sdk/fetch.ts";
import { createMemoryStore } from "../../src/sdk/testing-store.ts";

const log = getLogger("heddle");

export interface LoadedBuiltin {
  view: IntegrationView;
  /** Whether the path below /integrations/<id> needs no API key. */
  isPublic(path: string, method?: string): boolean;
  /** Answers a request with a path below /integrations/<id> as the gateway does, including errors. */
  handle(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Services that are left out throw if they are called. */
export async function loadBuiltin(
  id: string,
  services: Partial<SdkServices>,
  dispatchers: Dispatchers = createDispatchers({}),
): Promise<LoadedBuiltin> {
  const cacheDir = mkdtempSync(join(tmpdir(), "heddle-builtin-"));
  const unexpected = async (): Promise<never> => {
    throw new Error("The integration called what this test does not give it");
  };
  const ignored = { replaceOwner: () => {} };
  const integrations = createIntegrations({
    sources: [{ kind: "builtin", dir: resolve(import.meta.dir, "../../integrations") }],
    cacheDir,
    version: "test",
    watch: false,
    log,
    sinks: {
      tools: ignored,
      hooks: ignored,
      lifecycle: ignored,
      listeners: ignored,
      accounts: ignored,
      skills: ignored,
      carapaces: ignored,
      templates: ignored,
      dispatchers,
    },
  });
  // The others are loaded as well, and get none of the test's services.
  await integrations.loadAll((loaded) => ({
    getOrCreateSession: unexpected,
    injectMessage: unexpected,
    injectEvent: unexpected,
    ingestDocument: unexpected,
    searchDocuments: unexpected,
    askAsCaller: unexpected,
    publish: async () => {},
    reportConnection: unexpected,
    getSetting: () => undefined,
    fetch: fetchWithTimeout,
    store: createMemoryStore(),
    controls: {
      findChannel: unexpected,
      patchChannel: unexpected,
      resetSession: unexpected,
      unfinishedTasks: unexpected,
      cancelTask: unexpected,
    },
    people: { check: unexpected, list: unexpected },
    server: { baseUrl: () => undefined, integrationId: () => id, webhookPath: () => undefined },
    addSecret: () => {},
    ...(loaded === id && services),
  }));
  const view = integrations.get(id);
  const router = integrations.routerOf(id);
  if (!view?.isLive || !router) throw new Error(`${id} is not live: ${JSON.stringify(view?.error)}`);
  return {
    view,
    isPublic: (path, method = "POST") => integrations.isPublic(id, { method, path }),
    async handle(request) {
      const facts = { requestId: "test", method: request.method, path: new URL(request.url).pathname };
      return router.handle(request).catch((error) => answerError(error, facts, log));
    },
    async close() {
      await integrations.close();
      rmSync(cacheDir, { recursive: true, force: true });
    },
  };
}
