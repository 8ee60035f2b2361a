// Detects whether a URL leads to the server itself or to a pooler, and what kind of pooler.

import postgres from "postgres";
import type { PostgresOptions } from "./postgres-js.ts";

const TRIES = 4;

export type Pooling = "none" | "session" | "transaction";

/**
 * Two connections open at the same time have two different backends, and keep them, if they lead to a server or to a
 * session-pooling pooler. If both see the same backend, or one of them sees a different one than before (a busy pooler,
 * or one that rotates its connections), the pooler assigns connections per transaction. A direct connection is
 * recognised, with one query, by its backend being the one named in the handshake.
 */
export async function findPooling(databaseUrl: string, options: PostgresOptions): Promise<Pooling> {
  const open = () => postgres(databaseUrl, { ...options, max: 1, fetch_types: false, prepare: false });
  const first = open();
  const second = open();
  try {
    const own = await backendOf(first);
    if (own.actual === own.announced) return "none";
    const theirs = await backendOf(second);
    if (theirs.actual === own.actual) return "transaction";
    for (let tries = 0; tries < TRIES; tries++) {
      for (const [client, { actual }] of [
        [first, own],
        [second, theirs],
      ] as const) {
        if ((await backendOf(client)).actual !== actual) return "transaction";
      }
    }
    return "session";
  } finally {
    await Promise.all([first.end({ timeout: 1 }), second.end({ timeout: 1 })]);
  }
}

async function backendOf(client: postgres.Sql): Promise<{ actual: number; announced: number }> {
  const rows = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return { actual: Number(rows[0]?.pid), announced: rows.state.pid };
}
