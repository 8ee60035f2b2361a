// The PostgreSQL server (15 or newer, with pgvector) named by DATABASE_URL.

import { drizzle } from "drizzle-orm/postgres-js";
import pLimit from "p-limit";
import postgres from "postgres";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { readableDir } from "../runtime/assets.ts";
import type { Database } from "./database.ts";
import { explainPostgresError } from "./failure.ts";
import { adaptDriver, execute, type PostgresOptions } from "./postgres-js.ts";
import { createLeader } from "./postgres-leader.ts";
import { createListener } from "./postgres-listener.ts";
import { findPooling, type Pooling } from "./postgres-pooler.ts";
import { prepareServer } from "./postgres-prepare.ts";

/** Each server opens this many connections plus two, for notifications and for the leader's lock. */
const POOL_SIZE = 16;
const CONNECT_SECONDS = 10;
const ANSWER_SECONDS = 20;

export interface OpenPostgres {
  databaseUrl: string;
  /** The URL of the server itself, if `databaseUrl` leads to a pooler that assigns connections per transaction. */
  directUrl?: string | undefined;
  /** Number of connections for queries. */
  poolSize?: number | undefined;
  /** The connection is dropped if a statement is not answered for this long. */
  answerSeconds?: number | undefined;
  log: Logger;
  onProgress?: ((text: string) => void) | undefined;
}

/**
 * Connects, checks the server and applies migrations; of several servers starting together one migrates and the others
 * wait.
 * @throws HeddleError "database" that says what to do.
 */
export async function openPostgres(open: OpenPostgres): Promise<Database> {
  const { databaseUrl, directUrl = databaseUrl, poolSize = POOL_SIZE, log } = open;
  let pooling: Pooling;
  try {
    pooling = await findPooling(databaseUrl, connectionOptions());
    await refuseTransactionPooling(open, pooling);
    await prepareServer({
      databaseUrl: directUrl,
      options: connectionOptions(),
      migrationsFolder: readableDir("migrations"),
      onProgress: open.onProgress,
    });
  } catch (error) {
    throw explainPostgresError(error, databaseUrl);
  }
  const answerSeconds = open.answerSeconds ?? ANSWER_SECONDS;
  const client = postgres(databaseUrl, {
    ...connectionOptions(log, answerSeconds),
    max: poolSize,
    // A pooler rejects settings it does not know; with transaction pooling prepared statements do not work either.
    ...(pooling === "none" && { connection: { ...IDENTITY, ...ISOLATION, ...NO_JIT } }),
    ...(pooling === "transaction" && { prepare: false }),
  });
  const query = drizzle(client);
  adaptDriver(client);
  const options = connectionOptions(log, answerSeconds);
  const listener = createListener({ databaseUrl: directUrl, options, log });
  return {
    kind: "postgres",
    query,
    execute: (text, values) => execute(client, text, values),
    listen: listener.listen,
    lead: createLeader({ databaseUrl: directUrl, options, log }),
    keepingOne: pLimit(Math.max(1, poolSize - 1)),
    async close() {
      await listener.close();
      await client.end({ timeout: 5 });
    },
  };
}

const IDENTITY = { application_name: "heddle" };
/** Heddle's statements are written for this level; with a stricter default concurrent transactions would fail. */
const ISOLATION = { default_transaction_isolation: "read committed" } as const;

const TRANSACTION_POOLING =
  "leads to a pooler that may use a different connection for each transaction (PgBouncer with pool_mode=transaction). " +
  "Notifications and locks need a permanent connection:";

/** Compiling a statement of a search takes PostgreSQL longer than running it. */
const NO_JIT = { jit: false } as const;

/** @param pooling that of `databaseUrl` */
async function refuseTransactionPooling({ databaseUrl, directUrl }: OpenPostgres, pooling: Pooling) {
  if (directUrl === undefined || directUrl === databaseUrl) {
    if (pooling !== "transaction") return;
    const remedy = "set DATABASE_DIRECT_URL to the server itself, or set pool_mode=session.";
    throw new HeddleError("database", `DATABASE_URL ${TRANSACTION_POOLING} ${remedy}`);
  }
  if ((await findPooling(directUrl, connectionOptions())) !== "transaction") return;
  throw new HeddleError(
    "database",
    `DATABASE_DIRECT_URL ${TRANSACTION_POOLING} set it to the server itself.`,
  );
}

const connectionOptions = (log?: Logger, answerSeconds?: number): PostgresOptions => ({
  connect_timeout: CONNECT_SECONDS,
  connection: IDENTITY,
  // Without it the driver waits for ever.
  ...(answerSeconds !== undefined && { answer_timeout: answerSeconds }),
  onnotice: (notice: postgres.Notice) =>
    log?.debug("PostgreSQL: {message}", { message: notice.message ?? "" }),
});
