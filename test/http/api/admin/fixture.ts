// The HTTP app over integrations loaded by the real loader, with real settings and states.

import { installDependencies } from "../../../../src/integrations/loading/install.ts";
import type { Review } from "../../../../src/integrations/review/review.ts";
import { createSettings } from "../../../../src/integrations/settings/settings.ts";
import { createIntegrationStates } from "../../../../src/integrations/settings/states.ts";
import type { TestDatabase } from "../../../database.ts";
import { readerOf } from "../../../integrations/environment.ts";
import { type Files, harness } from "../../../integrations/harness.ts";
import { createSessionsFixture } from "../../../sessions/fixture.ts";
import { createHttpFixture } from "../../fixture.ts";

export async function createAdminFixture(
  db: TestDatabase,
  files: Files,
  { environment = {}, review }: { environment?: Record<string, string>; review?: Review } = {},
) {
  // The app is made over the settings, and redacts their secrets.
  let hide = (_secret: string) => {};
  const { vault, log } = await createSessionsFixture(db);
  const readEnvironment = readerOf(environment);
  const addSecret = (secret: string) => hide(secret);
  const settings = createSettings({ db, vault, addSecret, readEnvironment, log });
  await settings.load();
  const states = createIntegrationStates({ db, log });
  await states.load();
  const all = await harness(files, { states, getSetting: settings.get, ...(review && { review }) });
  await all.integrations.loadAll();
  const http = await createHttpFixture(db, {
    parts: {
      registry: all.integrations,
      settings,
      states,
      // No npm registry answers here, so that network access fails at once.
      installPackages: (folder, packages) =>
        installDependencies(folder, {
          environment: { PATH: process.env.PATH, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1" },
          packages,
        }),
    },
  });
  hide = http.redactor.add;
  const route = (rest: string) => `/api/v1/admin/integrations${rest}`;
  return {
    ...http,
    ...all,
    settings,
    states,
    get: (rest: string) => http.send("GET", route(rest)),
    post: (rest: string, body?: unknown) => http.send("POST", route(rest), { body }),
    put: (rest: string, body: unknown, headers: Record<string, string> = {}) =>
      http.send("PUT", route(rest), { body, headers }),
    del: (rest: string, headers: Record<string, string> = {}) =>
      http.send("DELETE", route(rest), { headers }),
    /** Returns the path of a file of an integration. */
    at: all.path,
    ask: all.get,
    // Settings and states are closed with their database.
    [Symbol.asyncDispose]: all[Symbol.asyncDispose],
  };
}

export type AdminFixture = Awaited<ReturnType<typeof createAdminFixture>>;
