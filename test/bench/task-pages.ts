// Measures the pages of a long list of runs, as the admin UI reads them: the newest and the oldest page, and filtered ones.

import type { DatabaseMaker } from "../database-pool.ts";
import { median } from "./numbers.ts";
import { api, startServer } from "./server.ts";

const TASKS = 100_000;
const SESSIONS = 200;
const REPEATS = 9;

export interface TaskPagesMeasured {
  /** Median milliseconds of the slowest of the pages. */
  slowestMs: number;
  /** Which one that is. */
  slowest: string;
}

/** The rare status and bot are among the oldest tasks, so that a page of them cannot end early. */
const FILL = [
  `INSERT INTO channels (id, client_id, name) SELECT gen_random_uuid(), 'bench:' || n, 'Bench ' || n FROM generate_series(1, ${SESSIONS}) n`,
  `INSERT INTO sessions (id, channel_id, client_id, bot_id) SELECT gen_random_uuid(), id, client_id, 'default' FROM channels`,
  `WITH numbered AS (SELECT id, channel_id, row_number() OVER () AS nr FROM sessions),
     made AS MATERIALIZED (
       SELECT n, gen_random_uuid() AS message_id, s.id AS session_id, s.channel_id,
         now() - (${TASKS} - n) * interval '30 seconds' AS at
       FROM generate_series(1, ${TASKS}) n JOIN numbered s ON s.nr = n % ${SESSIONS} + 1),
     asked AS (
       INSERT INTO messages (id, session_id, role, content, created_at)
       SELECT message_id, session_id, 'user', 'Question ' || n || repeat(' and more of it', 20), at FROM made ORDER BY n)
   INSERT INTO tasks (id, session_id, channel_id, bot_id, message_id, correlation_id, source, status, result, error,
     dispatch_type, completed_at, created_at)
   SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
       || '8' || substr(md5(n::text), 4, 15))::uuid,
     session_id, channel_id, CASE WHEN n < 60 THEN 'rare' ELSE 'default' END, message_id, gen_random_uuid(), 'bench',
     CASE WHEN n < 60 THEN 'failed' ELSE 'complete' END, repeat('An answer. ', 40), NULL, 'none', at, at
   FROM made ORDER BY n`,
  "ANALYZE",
];

export async function measureTaskPages(maker: DatabaseMaker, binary: string): Promise<TaskPagesMeasured> {
  const place = await maker.make();
  try {
    const db = await maker.open(place);
    for (const statement of FILL) await db.execute(statement);
    await db.close();
    const server = await startServer({ binary, home: place.home, databaseUrl: place.databaseUrl });
    try {
      const pages = await pagesOf(server);
      const times = new Map<string, number>();
      for (const page of pages) {
        const taken: number[] = [];
        for (let at = 0; at < REPEATS; at++) {
          const begun = performance.now();
          await api(server, `/api/v1/tasks?${page}`);
          taken.push(performance.now() - begun);
        }
        times.set(page, median(taken));
      }
      const [slowest = ["none", 0]] = [...times].toSorted(([, a], [, b]) => b - a);
      return { slowest: slowest[0], slowestMs: slowest[1] };
    } finally {
      await server.stop();
    }
  } finally {
    await place.remove();
  }
}

async function pagesOf(server: Parameters<typeof api>[0]): Promise<string[]> {
  const { tasks } = await api<{ tasks: { id: string }[] }>(server, "/api/v1/tasks?bot_id=rare&limit=1");
  const oldest = tasks[0]?.id;
  if (oldest === undefined) throw new Error("The list of runs was not filled.");
  return [
    "limit=50",
    `limit=50&cursor=${oldest}`,
    "limit=50&bot_id=rare",
    "limit=50&bot_id=default&status=failed",
    "limit=50&status=failed",
    "limit=50&bot_id=nobody",
    `limit=50&since=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z`,
  ];
}
