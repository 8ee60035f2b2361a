// A supervisor over integrations in temporary folders: the real registry, settings, database and processes.

import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import type { IntegrationSource } from "../../src/integrations/discovery/discover.ts";
import type { Review } from "../../src/integrations/review/review.ts";
import { createSettings } from "../../src/integrations/settings/settings.ts";
import { createIntegrationStates } from "../../src/integrations/settings/states.ts";
import type { ProcessStatus } from "../../src/processes/process-status.ts";
import { createSupervisor, type SupervisorOptions } from "../../src/processes/supervisor.ts";
import { createRedactor } from "../../src/redact.ts";
import { type ConfinementKind, createConfinement } from "../../src/runtime/confine.ts";
import { createSpawner } from "../../src/runtime/spawn.ts";
import type { TestDatabase } from "../database.ts";
import { readerOf } from "../integrations/environment.ts";
import { type Files, harness } from "../integrations/harness.ts";
import { testVault } from "../secrets/test-vault.ts";
import { until } from "../until.ts";

export interface FixtureOptions {
  environment?: Record<string, string>;
  timers?: SupervisorOptions["timers"];
  watch?: boolean;
  review?: Review;
  sources?: IntegrationSource[];
  lead?: TestDatabase["lead"];
  /** The first start of a process waits for this. */
  beforeStart?: () => Promise<void>;
  /** Default: none, because confinement is tested in test/runtime. */
  confinement?: ConfinementKind;
}

export const processFile = (script: string, more = ""): string =>
  `export const CMD = ["sh", "-c", ${JSON.stringify(script)}];\n${more}`;

/** Supervises once `processes.supervise()` is called; `lent` are the keys that are out now. */
export async function processFixture(db: TestDatabase, files: Files, options: FixtureOptions = {}) {
  const log = getLogger("test");
  const redactor = createRedactor();
  const vault = testVault(1);
  const environment = options.environment ?? {};
  const settings = createSettings({
    db,
    vault,
    addSecret: redactor.add,
    readEnvironment: readerOf(environment),
    log,
  });
  await settings.load();
  const states = createIntegrationStates({ db, log });
  await states.load();
  const { watch = false, review, sources } = options;
  const folder = await harness(files, {
    watch,
    states,
    ...(review && { review }),
    ...(sources && { sources }),
  });
  await folder.integrations.loadAll();
  const serverId = crypto.randomUUID();
  const confinement = createConfinement({ home: db.home, wanted: options.confinement ?? "none" });
  const spawner = createSpawner({
    serverId,
    home: db.home,
    confinement,
    log,
  });
  const lent = new Set<string>();
  const processes = await createSupervisor({
    db: { ...db, ...(options.lead && { lead: options.lead }) },
    serverId,
    integrations: folder.integrations,
    settings,
    states,
    spawner: {
      ...spawner,
      async prepare() {
        await options.beforeStart?.();
        await spawner.prepare();
      },
    },
    issueKey() {
      const key = `hdl_${crypto.randomUUID()}`;
      lent.add(key);
      return { key, revoke: () => void lent.delete(key) };
    },
    url: () => "http://127.0.0.1:1",
    baseUrl: () => "https://heddle.example",
    surroundings: { path: process.env.PATH, lang: undefined, timezone: "Europe/Berlin" },
    stateDir: join(db.home, "processes"),
    confinement,
    redact: redactor.redact,
    addSecret: redactor.add,
    log,
    ...(options.timers && { timers: options.timers }),
    handoverMs: 0,
  });
  /** Resolves as soon as the condition holds. */
  const untilStatus = (id: string, isSo: (status: ProcessStatus) => boolean): Promise<ProcessStatus> =>
    until(() => processes.status(id), isSo, { everyMs: 20 });
  return {
    ...folder,
    settings,
    states,
    processes,
    redactor,
    lent,
    serverId,
    until: untilStatus,
    running: (id: string) => untilStatus(id, ({ state }) => state === "running"),
    /** Resolves with the first line that contains the text. */
    async line(id: string, text: string): Promise<string> {
      for (;;) {
        const found = (await processes.lines.last(id, 1000)).find((line) => line.text.includes(text));
        if (found) return found.text;
        await processes.lines.more(id);
      }
    },
    async [Symbol.asyncDispose]() {
      await processes.close();
      await spawner.close();
      await folder[Symbol.asyncDispose]();
      await states.close();
      await settings.close();
    },
  };
}
