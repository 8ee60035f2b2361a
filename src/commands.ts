// What the commands of the command line do. Those that run until they are told to stop answer signals here.

import { createAuthoringCommands } from "./authoring/commands.ts";
import { type Dev, prepareDev } from "./authoring/dev/dev.ts";
import { type DevServer, welcome } from "./authoring/dev/welcome.ts";
import type { Commands } from "./cli.ts";
import { createClientCommands } from "./client/commands.ts";
import { type Config, type Flags, loadConfig, processEnvironment } from "./config.ts";
import type { Database } from "./db/database.ts";
import { openDatabase } from "./db/open.ts";
import { HeddleError, messageOf } from "./errors.ts";
import { encryptionKey, openHome, signingSecret } from "./home.ts";
import { createApiKeys, OPERATOR } from "./http/api-keys.ts";
import { createLog, type Logger, rootLogger } from "./log.ts";
import { createRedactor } from "./redact.ts";
import { build } from "./runtime/assets.ts";

interface Running {
  url: string | null;
  adminKey: string | null;
  close(): Promise<void>;
}

export interface CommandOptions {
  startServer(config: Config, instrument?: Dev["instrument"]): Promise<Running & DevServer>;
  startWorker(config: Config): Promise<Running>;
}

const LISTED_KEYS = 500;

export function createCommands({ startServer, startWorker }: CommandOptions): Commands {
  return {
    ...createAuthoringCommands(),
    ...createClientCommands(),
    version: build.commit ? `${build.version} (${build.commit})` : build.version,
    async serve(flags) {
      surviveStrays();
      const { url, adminKey, close } = await startServer(loadConfig(flags));
      console.log(`Heddle is listening on ${url}`);
      if (adminKey) console.log(`Admin API key, shown this once: ${adminKey}`);
      await untilTold(close);
    },
    async dev(flags) {
      surviveStrays();
      const dev = await prepareDev(flags, processEnvironment());
      const server = await startServer(dev.config, dev.instrument);
      console.log(await welcome(dev, server));
      await untilTold(server.close);
    },
    async worker(flags) {
      surviveStrays();
      const { close } = await startWorker(loadConfig(flags));
      console.log("Heddle works on the queue");
      await untilTold(close);
    },
    async migrate(flags) {
      await withDatabase(flags, async () => console.log("The database is up to date."));
    },
    createKey: (flags, key) =>
      withDatabase(flags, async (db, log) => {
        const made = await createApiKeys({ db, log }).create(key, OPERATOR);
        console.log(
          `${made.key}\n(id ${made.id}, scopes ${made.scopes.join(", ")}; the key is shown this once)`,
        );
      }),
    listKeys: (flags) =>
      withDatabase(flags, async (db, log) => {
        const { items } = await createApiKeys({ db, log }).list({ limit: LISTED_KEYS });
        for (const key of items) {
          const state = key.revoked_at ? "revoked" : "live";
          console.log([key.id, key.prefix, state, key.scopes.join(","), key.name].join("\t"));
        }
      }),
    revokeKey: (flags, id) =>
      withDatabase(flags, async (db, log) => {
        if (!(await createApiKeys({ db, log }).revoke(id, OPERATOR))) {
          throw new HeddleError("not_found", `There is no live key ${id}.`);
        }
        console.log("Revoked.");
      }),
    async signingSecret(flags) {
      const config = loadConfig(flags);
      console.log(signingSecret(encryptionKey(openHome(config.home), config.encryptionKey)));
    },
  };
}

async function withDatabase(flags: Flags, use: (db: Database, log: Logger) => Promise<void>): Promise<void> {
  const config = loadConfig(flags);
  const redactor = createRedactor();
  redactor.add(...config.secrets);
  const log = await createLog({ level: "warning", format: config.logFormat, redact: redactor.redact });
  const home = openHome(config.home);
  const db = await openDatabase({ databaseUrl: config.databaseUrl, home: home.path, log });
  try {
    await use(db, log);
  } finally {
    await db.close();
  }
}

/** Integrations run in this process: an error that one lets slip, in a timer say, must not end the server. */
function surviveStrays(): void {
  const report = (error: unknown) =>
    rootLogger().error("An error that nobody caught: {error}", { error: messageOf(error), cause: error });
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
}

/** Ends the process when a signal has come and everything is closed. A second signal ends it at once. */
async function untilTold(close: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onSignal = () => {
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
    resolve();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  await promise;
  await close();
  // A timer or a socket that an integration has left open must not keep the process.
  process.exit(0);
}
