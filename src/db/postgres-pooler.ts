// Tells whether a URL leads to the server itself or to a pooler, and what that gives its own connections to.

import postgres from "postgres";
import type { PostgresOptions } from "./postgres-prepare.ts";

const TRIES = 4;

export type Pooling = "none" | "session" | "transaction";

/**
 * Two connections that are open at once have two backends of a server, or of a pooler that gives each session its own.
 * When both find themselves on the same one, it is lent by the transaction. A direct connection is known by its
 * backend being the one that the handshake named, and costs one query.
 */
export async function findPooling(databaseUrl: string, options: PostgresOptions): Promise<Pooling> {
  const open = () => postgres(databaseUrl, { ...options, max: 1, fetch_types: false, prepare: false });
  const first = open();
  const second = open();
  try {
    const seen = [await backendOf(first)];
    if (seen[0]?.actual === seen[0]?.announced) return "none";
    for (let tries = 0; tries < TRIES; tries++) {
      const theirs = await backendOf(second);
      if (seen.some(({ actual }) => actual === theirs.actual)) return "transaction";
      seen.push(await backendOf(first));
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
