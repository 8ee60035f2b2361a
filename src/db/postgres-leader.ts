// One of several servers on a PostgreSQL, for what is to be done once: whoever holds an advisory lock. The lock belongs to
// a connection of its own, and goes with it; the server that held it must know before another one gets it, also when it
// is the network that went. So the holder asks every second whether the lock is still its own and gives up after
// three without an answer; PostgreSQL drops a connection that is silent for eight.

import postgres, { type Options, type Sql } from "postgres";
import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Lead } from "./database.ts";

const ASK_MS = 1_000;
const ANSWER_MS = 3_000;

export interface LeaderOptions {
  databaseUrl: string;
  options: Options<Record<string, never>>;
  log: Logger;
}

/** See `Database.lead`. */
export function createLeader({ databaseUrl, options, log }: LeaderOptions): Lead {
  return (name, { onLead, onLost }) => {
    let client: Sql | undefined;
    /** The backend that holds the lock; undefined while another server does. */
    let holder: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isClosed = false;
    let asking: Promise<void> = Promise.resolve();

    async function ask(): Promise<void> {
      client ??= postgres(databaseUrl, {
        ...options,
        max: 1,
        fetch_types: false,
        idle_timeout: 0,
        max_lifetime: null,
      });
      const answer = await withTimeout(holder === undefined ? tryLock(client, name) : backendOf(client));
      if (holder === undefined && answer !== undefined) {
        holder = answer;
        if (!isClosed) onLead();
      } else if (holder !== undefined && answer !== holder) {
        // The driver has connected anew, and said nothing.
        throw new Error("The connection with the lock is gone");
      }
    }

    async function turn(): Promise<void> {
      try {
        await ask();
      } catch (error) {
        const was = holder;
        holder = undefined;
        const gone = client;
        client = undefined;
        void gone?.end({ timeout: 0 }).catch(() => undefined);
        log.debug("The lock {name} cannot be asked for: {error}", { name, error: messageOf(error) });
        if (was !== undefined && !isClosed) onLost();
      }
      if (!isClosed) timer = setTimeout(next, ASK_MS);
    }

    const next = (): void => {
      asking = turn();
    };
    next();
    return {
      async close() {
        isClosed = true;
        clearTimeout(timer);
        await asking;
        // Closing the connection gives the lock back.
        await client?.end({ timeout: 1 });
      },
    };
  };
}

/** The backend that has the lock now, or undefined. */
async function tryLock(client: Sql, name: string): Promise<number | undefined> {
  const [row] = await client<{ pid: number; locked: boolean }[]>`
    select set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '1', false),
      set_config('tcp_keepalives_count', '3', false), pg_backend_pid() as pid,
      pg_try_advisory_lock(hashtextextended(${name}, 0)) as locked`;
  return row?.locked ? row.pid : undefined;
}

async function backendOf(client: Sql): Promise<number | undefined> {
  const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid;
}

async function withTimeout<Value>(answer: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("PostgreSQL does not answer")), ANSWER_MS);
  // When the timeout came first, nobody else looks.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
