// The foundation: home, redactor, log, database, keys and queue.

import type { Instruments } from "../authoring/dev/instruments.ts";
import type { Config } from "../config/config.ts";
import { openHome } from "../config/home.ts";
import { openDatabase } from "../db/open.ts";
import { createEvents } from "../events/events.ts";
import { createLog } from "../log.ts";
import { createLogBuffer } from "../log-buffer.ts";
import { createQueue } from "../queue/queue.ts";
import { createRedactor, type Redact } from "../redact.ts";
import { unpackEarly } from "../runtime/assets.ts";
import { routeToStreams } from "../runtime/outputs.ts";
import { redactOutputs } from "../runtime/stray-output.ts";
import { openKeys, signingSecret } from "../secrets/keys.ts";
import { isGuessable } from "../secrets/strength.ts";
import { urlSecrets } from "../secrets/urls.ts";
import { createVault } from "../secrets/vault.ts";
import type { Closers } from "./closers.ts";

/** Wraps parts to observe what passes between them. */
export type Instrument = (context: { redact: Redact }) => Instruments;

export type Storage = Awaited<ReturnType<typeof openStorage>>;

export async function openStorage(config: Config, closers: Closers, instrument?: Instrument) {
  const notes = config.homeNote === undefined ? [] : [config.homeNote];
  const home = openHome(config.home, (text) => notes.push(text));
  unpackEarly(home.path);
  const redactor = createRedactor();
  redactor.add(...config.secrets, ...urlsOf(config).flatMap(urlSecrets));
  const { redact, redactLine } = redactor;
  const instruments = instrument?.({ redact });
  const logs = createLogBuffer();
  const log = await createLog({
    level: config.logLevel,
    format: config.logFormat,
    redact: redactLine,
    keep: logs.add,
  });
  for (const note of notes) log.warning("{note}", { note });

  for (const warning of warningsOf(config)) log.warn("{warning}", { warning });
  closers.push(redactOutputs(redactLine));
  closers.push(routeToStreams());

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
  const queue = await createQueue({ db, log: log.getChild("queue") });
  closers.push(queue.close);
  const events = await createEvents({ db, log: log.getChild("events") });
  closers.push(events.close);
  return {
    home,
    redactor,
    log,
    logs,
    instruments,
    db,
    queue,
    events,
    vault: createVault(keys),
    signingSecret: signingSecret(keys.current),
  };
}

/** Configured URLs, whose passwords and tokens are secrets as well. */
const urlsOf = (config: Config): string[] =>
  [
    config.databaseUrl,
    config.databaseDirectUrl,
    config.modelEndpoint?.baseUrl,
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
