// Elects a leader among the servers of a PostgreSQL database by an advisory lock. The lock belongs to a separate
// connection and is released with it. The holder must notice a loss before another server gets the lock, even if the
// network failed. So it checks every second whether it still holds the lock, and steps down after three seconds without
// an answer; PostgreSQL drops a connection that has been silent for eight.

import postgres, { type Options, type Sql } from "postgres";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { within } from "../within.ts";
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
    /** Pid of the backend that holds the lock; undefined while another server holds it. */
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
      const query = holder === undefined ? tryLock(client, name) : backendOf(client);
      const answer = await within(ANSWER_MS, query, {
        error: () => new Error("PostgreSQL does not answer"),
      });
      if (holder === undefined && answer !== undefined) {
        holder = answer;
        if (!isClosed) onLead();
      } else if (holder !== undefined && answer !== holder) {
        // The driver has reconnected silently.
        throw new Error("The connection that held the lock is gone");
      }
    }

    // Not `every`: each question waits for the answer to the one before, and a lost lock has to be noticed within seconds.
    async function turn(): Promise<void> {
      try {
        await ask();
      } catch (error) {
        const was = holder;
        holder = undefined;
        const gone = client;
        client = undefined;
        void gone?.end({ timeout: 0 }).catch(() => undefined);
        log.debug("The lock {name} cannot be checked: {error}", { name, error: errorMessage(error) });
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
        // Closing the connection releases the lock.
        await client?.end({ timeout: 1 });
      },
    };
  };
}

/** Returns the pid of the backend that now holds the lock, or undefined. */
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
