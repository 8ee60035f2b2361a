// `heddle keys create | list | revoke`: goes through the server that runs on the home if there is one, because only one
// process at a time can open an embedded database; otherwise it opens the database itself.

import { setTimeout } from "node:timers/promises";
import { type ApiKeys, createApiKeys } from "../access/api-keys.ts";
import { OPERATOR } from "../access/caller.ts";
import { seesAll } from "../access/scopes.ts";
import { loadConfig } from "../config/config.ts";
import { ForeignHome } from "../config/home.ts";
import { findServer } from "../config/local-server.ts";
import type { Flags } from "../config/read-variables.ts";
import type { Database } from "../db/database.ts";
import { DatabaseInUse } from "../db/lock.ts";
import { KEY_ROWS, type KeyRows } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isUuid } from "../ids.ts";
import type { Logger } from "../log.ts";
import { type Connection, connect } from "./client/connect.ts";
import { say } from "./stray-code.ts";

interface NewKey {
  name: string;
  scopes: string[];
  rows: KeyRows;
}

interface Key {
  id: string;
  prefix: string;
  name: string;
  scopes: string[];
  rows: KeyRows;
  revoked_at: string | Date | null;
}

/** The keys of a server or a database. */
interface Keys {
  create(key: NewKey): Promise<Key & { key: string }>;
  list(): Promise<Key[]>;
  /** Returns false if there is no such live key. */
  revoke(id: string): Promise<boolean>;
}

export type WithDatabase = (flags: Flags, use: (db: Database, log: Logger) => Promise<void>) => Promise<void>;

const LISTED_KEYS = 500;

export function createKeyCommands(withDatabase: WithDatabase) {
  const withKeys = async (flags: Flags, use: (keys: Keys) => Promise<void>): Promise<void> => {
    await serverOrDatabase(flags, withDatabase, {
      atServer: (server) => use(ofServer(server)),
      inDatabase: (db, log) => use(ofDatabase(createApiKeys({ db, log }))),
    });
  };
  return {
    createKey: (
      flags: Flags,
      { rows, ...key }: { name: string; scopes: string[]; rows: string | undefined },
    ) =>
      withKeys(flags, async (keys) => {
        const made = await keys.create({ ...key, rows: rowsOf(key, rows) });
        say(
          `${made.key}\n(id ${made.id}, scopes ${made.scopes.join(", ")}, rows ${made.rows}; the key is shown only this once)`,
        );
      }),
    listKeys: (flags: Flags) =>
      withKeys(flags, async (keys) => {
        for (const key of await keys.list()) {
          const state = key.revoked_at ? "revoked" : "live";
          say([key.id, key.prefix, state, key.scopes.join(","), key.name].join("\t"));
        }
      }),
    revokeKey: (flags: Flags, id: string) =>
      withKeys(flags, async (keys) => {
        const isRevoked = isUuid(id) && (await keys.revoke(id));
        if (!isRevoked) {
          throw new HeddleError(
            "not_found",
            `There is no live key "${id}"; heddle keys list shows the ids of keys.`,
          );
        }
        say("Revoked.");
      }),
  };
}

const HEALTH_MS = 5_000;
/** A server has the embedded database for some seconds before it can be asked. */
const STARTING_MS = 30_000;
const ASK_AGAIN_MS = 500;

interface ServerOrDatabase {
  atServer(server: Connection): Promise<void>;
  inDatabase(db: Database, log: Logger): Promise<void>;
  /** Receives a line for the person who would otherwise wait without knowing why. Default: standard error. */
  tell?(line: string): void;
  startingMs?: number;
}

/** Asks the server that runs on the home, also one that is starting; if there is none, opens the database. */
export async function serverOrDatabase(
  flags: Flags,
  withDatabase: WithDatabase,
  { atServer, inDatabase, tell = onStandardError, startingMs = STARTING_MS }: ServerOrDatabase,
): Promise<void> {
  const end = performance.now() + startingMs;
  for (let isTold = false; ; isTold = true) {
    const server = await runningServer(flags);
    if (server) return atServer(server);
    try {
      return await withDatabase(flags, inDatabase);
    } catch (error) {
      const { home } = loadConfig(flags);
      if (error instanceof ForeignHome) throw notAnswering(error, home);
      if (!(error instanceof DatabaseInUse)) throw error;
      if (performance.now() > end) throw unanswered(error, home);
      if (!isTold) tell(waitingFor(error, home, startingMs));
    }
    await setTimeout(ASK_AGAIN_MS);
  }
}

const onStandardError = (line: string) => void process.stderr.write(`heddle: ${line}\n`);

const waitingFor = ({ holder }: DatabaseInUse, home: string, ms: number): string =>
  `The database in ${home} is in use by ${holder}, which does not answer yet: waiting up to ${ms / 1000} seconds for it.`;

const unanswered = (cause: DatabaseInUse, home: string): HeddleError =>
  new HeddleError(
    "unavailable",
    `The database in ${home} is in use by ${cause.holder}, which does not answer: look into its log, and restart it if the log is silent.`,
    { cause },
  );

/** Root asks the unit's server, which takes some seconds to start. */
const notAnswering = (cause: ForeignHome, home: string): HeddleError =>
  new ForeignHome(
    `No server answers on ${home}; one that was just started does in a moment. Only the owner of that folder can open it without a server.`,
    { cause },
  );

/**
 * Returns undefined if no server answers, as after a crash that left the server's address behind, or if --database-url
 * names the database to use.
 */
async function runningServer(flags: Flags): Promise<Connection | undefined> {
  const { home } = loadConfig(flags);
  if (flags["database-url"] !== undefined || !findServer(home)?.socket) return undefined;
  // HEDDLE_URL is ignored here: these are the keys of this home.
  const options = { home, environment: {} };
  return connect({}, { ...options, answerMs: HEALTH_MS })
    .get("/health")
    .then(
      () => connect({}, options),
      () => undefined,
    );
}

const ofDatabase = (keys: ApiKeys): Keys => ({
  create: (key) => keys.create(key, OPERATOR),
  list: () => keys.list({ limit: LISTED_KEYS }),
  revoke: (id) => keys.revoke(id, OPERATOR),
});

const PATH = "/api/v1/api-keys";

const ofServer = (server: Connection): Keys => ({
  create: async (key) => (await server.post(PATH, key)) as Key & { key: string },
  list: async () => ((await server.get(`${PATH}?limit=${LISTED_KEYS}`)) as { api_keys: Key[] }).api_keys,
  async revoke(id) {
    try {
      await server.delete(`${PATH}/${encodeURIComponent(id)}`);
      return true;
    } catch (error) {
      if (error instanceof HeddleError && error.code === "not_found") return false;
      throw error;
    }
  },
});

function rowsOf({ scopes }: { scopes: string[] }, wanted: string | undefined): KeyRows {
  if (wanted === undefined) return seesAll(scopes) ? "all" : "own";
  const rows = KEY_ROWS.find((one) => one === wanted);
  if (rows) return rows;
  throw new HeddleError("validation", `--rows must be ${KEY_ROWS.join(" or ")}; got "${wanted}".`);
}
