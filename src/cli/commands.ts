// The implementation of the commands. The long-running ones handle signals here.

import { writeFile } from "node:fs/promises";
import { createAuthoringCommands } from "../authoring/commands.ts";
import { type Dev, prepareDev } from "../authoring/dev/dev.ts";
import { type DevServer, welcome } from "../authoring/dev/welcome.ts";
import { type EvalBot, type EvalOptions, runEval } from "../authoring/eval/eval.ts";
import { junit, table } from "../authoring/eval/report.ts";
import { toStore } from "../authoring/eval/to-store.ts";
import { type Config, loadConfig, processEnvironment } from "../config/config.ts";
import { openHome } from "../config/home.ts";
import type { Flags } from "../config/read-variables.ts";
import type { Database } from "../db/database.ts";
import { openDatabase } from "../db/open.ts";
import { createLog, type Logger } from "../log.ts";
import { createRedactor } from "../redact.ts";
import { build } from "../runtime/assets.ts";
import { forgetVariables } from "../runtime/forget-variables.ts";
import { currentKey, type GivenKeys, signingSecret } from "../secrets/keys.ts";
import { rotateKeys } from "../secrets/rotate.ts";
import type { Commands } from "./cli.ts";
import { createClientCommands } from "./client/commands.ts";
import { connect } from "./client/connect.ts";
import { payerAt } from "./client/payer.ts";
import { rowsOf } from "./client/rows.ts";
import { deployFile } from "./deploy-files.ts";
import { firstSteps } from "./first-steps.ts";
import { createKeyCommands } from "./keys.ts";
import { createLoginLink } from "./login-link.ts";
import { containStrays, say, sayForSure, sayWithSecret } from "./stray-code.ts";

interface Running {
  url: string | null;
  close(): Promise<void>;
}

/** Where the link to sign in with is printed. */
interface Terminal {
  /** Whether a person reads it now. */
  isInteractive: boolean;
  /** Rejects if nobody could have read the line. */
  show(line: string): Promise<void>;
}

export interface CommandOptions {
  /** With `guarded`, the server ends the process when its event loop has stopped working. */
  startServer(
    config: Config,
    instrument?: Dev["instrument"],
    options?: { guarded?: boolean; terminal?: Terminal },
  ): Promise<
    Running &
      DevServer & { model: string | undefined; baseUrl(): string | undefined } & Awaited<
        ReturnType<EvalOptions["startServer"]>
      >
  >;
  startWorker(config: Config, options?: { guarded?: boolean }): Promise<Running>;
}

export function createCommands({ startServer, startWorker }: CommandOptions): Commands {
  return {
    ...createAuthoringCommands(),
    ...createClientCommands(),
    version: build.commit ? `${build.version} (${build.commit})` : build.version,
    async serve(flags) {
      containStrays();
      const config = readConfig(flags);
      const { url, model, baseUrl, close } = await startServer(config, undefined, {
        guarded: true,
        terminal: { isInteractive: process.stdout.isTTY === true, show: sayForSure },
      });
      say(`Heddle is listening on ${url}`);
      for (const line of firstSteps(config, { url: url ?? "", model, baseUrl: baseUrl() })) say(line);
      await runUntilSignal(close);
    },
    async dev(flags) {
      containStrays();
      const dev = await prepareDev(flags, processEnvironment());
      forgetVariables(dev.config.secretVariables);
      const server = await startServer(dev.config, dev.instrument);
      // The lines contain the key that was created for this run.
      sayWithSecret(await welcome(dev, server));
      const following = dev.followEnvironment(server);
      await runUntilSignal(async () => {
        following.close();
        await server.close();
      });
    },
    async eval({ junit: file, store, ...wanted }, flags) {
      containStrays();
      const { home } = loadConfig(flags);
      const server = () => connect(flags, { home, environment: processEnvironment() });
      // Before the models are paid for.
      if (store) await server().get("/api/v1/evals?limit=1");
      const results = await runEval(
        { ...wanted, home },
        {
          environment: processEnvironment(),
          startServer,
          serverBots: async () => Array.fromAsync(rowsOf<EvalBot>(server(), "/api/v1/bots", "bots")),
          payer: () => payerAt(server),
        },
      );
      if (file !== undefined) await writeFile(file, junit(results));
      say(table(results));
      if (store) {
        const { id } = (await server().post("/api/v1/evals", toStore(wanted, results))) as { id: string };
        say(`Stored as ${id}; see Evals in the admin UI.`);
      }
      // A timer or a socket that an integration left open must not keep the process alive.
      process.exit(results.some(({ problems }) => problems.length > 0) ? 1 : 0);
    },
    async worker(flags) {
      containStrays();
      const { close } = await startWorker(readConfig(flags), { guarded: true });
      say("Worker started; processing tasks.");
      await runUntilSignal(close);
    },
    async migrate(flags) {
      await withDatabase(flags, async () => say("The database is up to date."));
    },
    ...createKeyCommands(withDatabase),
    loginLink: createLoginLink(withDatabase),
    async signingSecret(flags) {
      const config = loadConfig(flags);
      say(signingSecret(currentKey(openHome(config.home), givenKeys(config))));
    },
    async unit(which) {
      say((await deployFile(which)).trimEnd());
    },
    rotateKeys: (flags) =>
      withDatabase(
        flags,
        async (db) => {
          const config = loadConfig(flags);
          const { key, resealed, unopened } = await rotateKeys(db, openHome(config.home), givenKeys(config));
          for (const place of unopened)
            say(`None of the keys can decrypt this value, so it was left unchanged: ${place}`);
          say(`${resealed} values are now encrypted with the key ${key.id}.`);
          say(
            "Outgoing webhooks are now signed with a new secret; print it with: heddle keys signing-secret",
          );
        },
        { poolSize: 1 },
      ),
  };
}

/** For commands that run integrations, which must not find Heddle's own secrets in the environment. */
function readConfig(flags: Flags): Config {
  const config = loadConfig(flags);
  forgetVariables(config.secretVariables);
  return config;
}

const givenKeys = ({ encryptionKey, previousEncryptionKeys }: Config): GivenKeys => ({
  current: encryptionKey,
  previous: previousEncryptionKeys,
});

async function withDatabase(
  flags: Flags,
  use: (db: Database, log: Logger) => Promise<void>,
  { poolSize }: { poolSize?: number } = {},
): Promise<void> {
  const config = loadConfig(flags);
  const redactor = createRedactor();
  redactor.add(...config.secrets);
  const log = await createLog({ level: "warning", format: config.logFormat, redact: redactor.redact });
  if (config.homeNote) log.warning("{note}", { note: config.homeNote });
  const home = openHome(config.home);
  const db = await openDatabase({
    databaseUrl: config.databaseUrl,
    postgres: {
      directUrl: config.databaseDirectUrl,
      answerSeconds: config.databaseAnswerSeconds,
      ...(poolSize !== undefined && { poolSize }),
    },
    home: home.path,
    log,
  });
  try {
    await use(db, log);
  } finally {
    await db.close();
  }
}

/** Waits for a signal, closes everything and ends the process. A second signal ends it at once. */
async function runUntilSignal(close: () => Promise<void>): Promise<void> {
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
  // A timer or a socket that an integration left open must not keep the process alive.
  process.exit(0);
}
