// Wraps pg-boss in a small interface: enqueue, withdraw, work, close. Jobs are sent within the caller's transaction.

import { type SQL, sql } from "drizzle-orm";
import { type Db, PgBoss } from "pg-boss";
import { type Database, type Queryable, rowsOf } from "../db/database.ts";
import { runText } from "../db/prepared.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { lightly } from "./light-commit.ts";
import { createPump, type Pump, type SetFollowed } from "./pump.ts";
import { steadyClock } from "./steady-clock.ts";

/**
 * `tasks`: one run at a time per key (the session), in order. A job's id is its task's id.
 * `deliveries`: one at a time per key (the target), in order; a deferred job holds back those behind it.
 * `unordered_deliveries`: left by a version without ordered deliveries, whose servers may still write it beside this
 * one.
 */
export type QueueName = "tasks" | "deliveries" | "unordered_deliveries";

/** pg-boss's names of the queues. A queue's policy cannot be changed, so ordered deliveries have their own queue. */
const BOSS_NAMES: Record<QueueName, string> = {
  tasks: "tasks",
  deliveries: "deliveries_by_target",
  unordered_deliveries: "deliveries",
};

export interface Job {
  id: string;
  /** Id of the row that the job is about. */
  subject: string;
  /** pg-boss's count of fetches; together with the id it identifies this claim. */
  retryCount: number;
  /** See NewJob; undefined for jobs of a version without groups. */
  group?: string;
}

export interface NewJob {
  /** The job's id; generated if absent. */
  id?: string;
  subject: string;
  /** Jobs with the same key run one after the other. */
  key: string;
  /** Jobs of the same group share the limit that `work` sets per group. */
  group?: string;
}

export interface Queue {
  /** Sends a job within the transaction: it exists if and only if the transaction commits. */
  enqueue(tx: Queryable, name: QueueName, job: NewJob): Promise<void>;
  /** The same for several jobs, in one statement. Jobs with the same key run in the order of their ids. */
  enqueueAll(tx: Queryable, name: QueueName, jobs: NewJob[]): Promise<void>;
  /** Removes jobs that have not been fetched yet, in one statement. */
  withdrawAll(tx: Queryable, name: QueueName, jobIds: string[]): Promise<void>;
  /** Marks a fetched job as done, within the transaction that stores its outcome. */
  complete(tx: Queryable, name: QueueName, job: Job): Promise<void>;
  /** Returns a fetched job to the queue, where it can be fetched again at once. */
  release(name: QueueName, job: Job): Promise<void>;
  /**
   * Returns a fetched job to the queue for later, within the transaction; until then no other job with its key is
   * fetched.
   */
  defer(tx: Queryable, name: QueueName, job: Job, seconds: number): Promise<void>;
  /** Changes when the unfetched jobs about some rows are due. */
  reschedule(tx: Queryable, name: QueueName, rows: { subject: string; seconds: number }[]): Promise<void>;
  /**
   * Makes jobs due that were sent while the clock was ahead; otherwise they would wait until that time comes round
   * again. So would those of workers that have died, and every pass over the queues.
   */
  pullInFuture(): Promise<void>;
  /** Fetches and runs jobs until the pump is stopped. `run` must not throw. */
  work(
    name: QueueName,
    options: {
      concurrency: number;
      /** Maximum concurrent jobs per group in this process. Default: no limit. */
      perGroup?: number;
      run: (job: Job, setFollowed: SetFollowed) => Promise<void>;
      backstopMs?: number;
    },
  ): Pump;
  close(): Promise<void>;
}

/** A job whose worker has been silent this long is given to another worker. */
const HEARTBEAT_SECONDS = 15;
const SUPERVISE_SECONDS = 5;
const TOUCH_EVERY_MS = 4_000;
const YEARS = 365 * 24 * 3600;

const QUEUE_OPTIONS = {
  notify: true,
  // To pg-boss a crash, a return or a lapsed heartbeat is a "retry"; Heddle decides when a job ends.
  retryLimit: 1_000_000,
  retryDelay: 0,
  // Runs have their own deadline, which must come before pg-boss's.
  expireInSeconds: 24 * 3600 - 1,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  // A message accepted before a long outage must still run after it.
  retentionSeconds: 5 * YEARS,
  deleteAfterSeconds: 3600,
} as const;

/** Whether jobs wait behind the fetched one of this key. Written so that pg-boss's index of an ordered queue serves it. */
export const isFollowed = (name: "tasks" | "deliveries", key: SQL): SQL<boolean> =>
  sql`exists (select from pgboss.job where name = ${BOSS_NAMES[name]} and singleton_key = ${key}
    and state < 'active' and not blocked and policy = 'key_strict_fifo')`;

export async function createQueue({ db, log }: { db: Database; log: Logger }): Promise<Queue> {
  const pumps = new Map<QueueName, Pump>();
  const wake = (bossName: string) => {
    for (const [name, pump] of pumps) if (BOSS_NAMES[name] === bossName) pump.wake();
  };

  // Pending queries of pg-boss's own timers; its `stop` waits only for some of them.
  const pending = new Set<Promise<unknown>>();
  const executeSql = (text: string, values?: unknown[]) => {
    const answer = db.execute(text, values);
    const settled = answer.catch(() => {}).finally(() => pending.delete(settled));
    pending.add(settled);
    return answer;
  };
  const boss = new PgBoss({
    db: {
      executeSql,
      // pg-boss subscribes to its own channel through this; our pumps hear the same notifications.
      listen: (channel, onPayload, onConnected) =>
        db.listen(
          channel,
          (payload) => {
            wake(payload);
            onPayload(payload);
          },
          () => {
            for (const pump of pumps.values()) pump.wake();
            onConnected();
          },
        ),
    },
    clock: steadyClock,
    backend: db.kind === "embedded" ? "pglite" : "postgres",
    useListenNotify: true,
    schedule: false,
    registerInstance: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  });
  boss.on("error", (error) => log.error("Queue: {error}", { error: errorMessage(error) }));
  boss.on("warning", (warning) => log.warn("Queue: {message}", { message: warning.message }));
  const stop = async () => {
    await boss.stop({ graceful: false });
    // Otherwise pg-boss would report an error when the database is closed next.
    while (pending.size > 0) await Promise.all(pending);
  };
  try {
    await boss.start();
    await boss.createQueue(BOSS_NAMES.tasks, { ...QUEUE_OPTIONS, policy: "key_strict_fifo" });
    await boss.createQueue(BOSS_NAMES.deliveries, { ...QUEUE_OPTIONS, policy: "key_strict_fifo" });
    await boss.createQueue(BOSS_NAMES.unordered_deliveries, QUEUE_OPTIONS);
    if (db.kind === "embedded") await releaseAbandoned(db, boss);
  } catch (error) {
    // Its timers would go on asking a database that the caller closes.
    await stop().catch(() => {});
    throw error;
  }

  const fetching: Db = { executeSql: (text, values) => executeSql(lightly(text), values) };

  const within = (tx: Queryable): { db: Db } => ({
    db: { executeSql: async (text, values = []) => ({ rows: await runText(tx, text, values) }) },
  });

  const enqueueAll: Queue["enqueueAll"] = async (tx, name, jobs) => {
    const rows = jobs.map(({ id, subject, key, group }) => ({
      data: { subject },
      ...(id && { id }),
      singletonKey: key,
      ...(group !== undefined && { group: { id: group } }),
    }));
    await boss.insert(BOSS_NAMES[name], rows, within(tx));
  };

  const claimOf = ({ id, retryCount }: Job) => ({ id, retryCount });

  return {
    enqueue: (tx, name, job) => enqueueAll(tx, name, [job]),
    enqueueAll,
    async withdrawAll(tx, name, jobIds) {
      if (jobIds.length > 0) await boss.deleteJob(BOSS_NAMES[name], jobIds, within(tx));
    },
    async complete(tx, name, job) {
      await boss.complete(BOSS_NAMES[name], claimOf(job), null, within(tx));
    },
    async release(name, job) {
      await boss.fail(BOSS_NAMES[name], claimOf(job), { reason: "handed back" });
    },
    async defer(tx, name, job, seconds) {
      // A "retry" keeps its key, so later jobs with the same key wait behind it. No reason is given, because a
      // transaction's driver does not accept objects.
      await boss.fail(BOSS_NAMES[name], claimOf(job), null, within(tx));
      // This has no effect if the claim has lapsed and another worker has fetched the job.
      const options = { id: job.id, startAfter: seconds, ...within(tx) };
      await boss.update(BOSS_NAMES[name], undefined, options);
    },
    async reschedule(tx, name, rows) {
      if (rows.length === 0) return;
      const bossName = BOSS_NAMES[name];
      // No index has the subjects, so all of them are looked for in one pass.
      const found = await tx.execute(sql`
        select job.id, wanted.seconds from pgboss.job
        join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as wanted (subject text, seconds int)
          on job.data->>'subject' = wanted.subject
        where job.name = ${bossName} and job.state < 'active'`);
      for (const { id, seconds } of rowsOf<{ id: string; seconds: number }>(found)) {
        await boss.update(bossName, undefined, { id, startAfter: seconds, ...within(tx) });
      }
    },
    async pullInFuture() {
      // A deferred job is due later than it was created; a job sent while the clock was ahead was itself created in the
      // future.
      const { rows } = await db.execute(
        "select id, name from pgboss.job where state = 'created' and least(created_on, start_after) > now() + interval '5 seconds'",
      );
      for (const { id, name } of rows) {
        await boss.update(String(name), undefined, { id: String(id), startAfter: 0 });
      }
      await db.execute(
        "update pgboss.job set heartbeat_on = now() where state = 'active' and heartbeat_on > now() + interval '5 seconds'",
      );
      await db.execute(`update pgboss.queue set monitor_claim_on = least(monitor_claim_on, now()),
          monitor_on = least(monitor_on, now()), maintain_on = least(maintain_on, now())
        where greatest(monitor_claim_on, monitor_on, maintain_on) > now() + interval '5 seconds'`);
    },
    work(name, { concurrency, perGroup, run, backstopMs }) {
      const pump = createPump<Job>({
        concurrency,
        ...(perGroup !== undefined && { perGroup }),
        groupOf: ({ group }) => group,
        ordered: name !== "unordered_deliveries",
        touchEveryMs: TOUCH_EVERY_MS,
        ...(backstopMs !== undefined && { backstopMs }),
        async fetch(count, full) {
          const jobs = await boss.fetch<{ subject: string }>(BOSS_NAMES[name], {
            batchSize: count,
            includeMetadata: true,
            ignoreGroups: full,
            db: fetching,
          });
          return jobs.map(({ id, data, retryCount, groupId }) => ({
            id,
            subject: data.subject,
            retryCount,
            ...(groupId && { group: groupId }),
          }));
        },
        touch: async (jobs) => {
          await boss.touch(BOSS_NAMES[name], jobs.map(claimOf));
        },
        run,
        onError: (error) => log.error("Queue {name}: {error}", { name, error: errorMessage(error) }),
      });
      pumps.set(name, pump);
      pump.wake();
      return pump;
    },
    async close() {
      for (const pump of pumps.values()) await pump.stop();
      await stop();
    },
  };
}

/** No other process can hold a job of an embedded database, so active jobs at start-up were left by a crash. */
async function releaseAbandoned(db: Database, boss: PgBoss): Promise<void> {
  const { rows } = await db.execute("select id, name from pgboss.job where state = 'active'");
  for (const row of rows) await boss.fail(String(row.name), String(row.id), { reason: "abandoned" });
}
