// Shows answers at their places while they are written, by the dispatchers that can. What comes of it never affects the
// run: its outcome is delivered in any case.

import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { patiently } from "../../db/patiently.ts";
import { type Streamed, tasks } from "../../db/schema.ts";
import { errorMessage } from "../../errors.ts";
import { ledBy } from "../../hops.ts";
import type { Logger } from "../../log.ts";
import type { Redactor } from "../../redact.ts";
import { during } from "../../runtime/activity.ts";
import { isPermanent, isRetryable } from "../../sdk/errors.ts";
import type { StreamUpdate } from "../../sdk/types.ts";
import { storableReceipt } from "../receipt.ts";
import type { Dispatchers } from "../registry.ts";
import type { ConfigSealer } from "../seal-config.ts";
import { type TargetedTask, type TaskTarget, targetsOf, targetTypesOf } from "../targets-of.ts";
import { type Clock, createPacer, type Pacer } from "./pacer.ts";

/** The answer and its run as they are now. */
export type AnswerView = Pick<StreamUpdate, "text" | "tools" | "state" | "display">;

/** A claimed task. */
export interface StreamedTask extends TargetedTask {
  bot_id: string;
  session_id: string;
  channel_id: string;
  client_id: string;
  correlation_id: string;
  /** The claim. */
  attempt: number;
  /** What earlier claims have stored. */
  streamed: Streamed | null;
  /** Including this run. */
  hops: number;
}

export interface RunStream {
  /** Says that the view has changed. */
  changed(): void;
  /**
   * Resolves with what has been stored, when the last calls have ended or after `withinMs` (10 s). No call is begun after
   * it has been called.
   */
  close(withinMs?: number): Promise<Streamed | null>;
}

export interface Streams {
  /** Returns undefined, without reading anything, if no target of the task shows answers while they are written. */
  open(task: StreamedTask, view: () => AnswerView): RunStream | undefined;
}

export interface StreamsOptions {
  db: Pick<Database, "query">;
  dispatchers: Pick<Dispatchers, "get" | "withDefaults">;
  sealer: Pick<ConfigSealer, "open">;
  redactor: Pick<Redactor, "redact" | "hiding">;
  log: Logger;
  clock?: Clock;
}

const EVERY_SECONDS = 1;
const SETTLE_MS = 10_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

export function createStreams(options: StreamsOptions): Streams {
  const { db, dispatchers, redactor, log, clock } = options;

  /** Fenced like every write of a run. Returns false if another worker has claimed the task. */
  async function keep({ id, attempt }: StreamedTask, target: string, handle: unknown): Promise<boolean> {
    const added = JSON.stringify({ [target]: handle });
    const kept = await patiently(() =>
      db.query
        .update(tasks)
        .set({ streamed: sql`coalesce(${tasks.streamed}, '{}'::jsonb) || ${added}::jsonb` })
        .where(and(eq(tasks.id, id), eq(tasks.attempt, attempt), eq(tasks.status, "running")))
        .returning({ id: tasks.id }),
    );
    return kept.length > 0;
  }

  return {
    open(task, view) {
      const able = targetTypesOf(task).map((type) => dispatchers.get(type)?.stream !== undefined);
      if (!able.includes(true)) return undefined;
      const secrets: string[] = [];
      const targets = targetsOf(task, options, (secret) => secrets.push(secret));
      const streamed: Streamed = { ...task.streamed };
      let isLogged = false;

      function failed(type: string, error: unknown): void {
        if (isLogged) return;
        isLogged = true;
        log.warn("The answer of task {task_id} could not be shown by {type} while it is written: {error}", {
          task_id: task.id,
          type,
          error: redactor.redact(errorMessage(error)),
        });
      }

      function pacerOf({ dispatch_type: type, dispatch_config }: TaskTarget, at: number): Pacer[] {
        if (!able[at]) return [];
        const target = String(at);
        const call = async (signal: AbortSignal): Promise<void> => {
          // Its integration may have been reloaded or disabled meanwhile.
          const dispatcher = dispatchers.get(type);
          if (!dispatcher?.stream) return;
          const config = dispatchers.withDefaults(type, dispatch_config);
          const update = { ...updateOf(task, type, config), ...view() };
          const ctx = { stream_id: `${task.id}:${target}`, attempt: task.attempt, hops: task.hops, signal };
          const returned = await during(
            () => `the stream of task ${task.id} by ${type}`,
            () =>
              ledBy(task.hops, async () =>
                dispatcher.stream?.({ ...update, handle: streamed[target] ?? null }, ctx),
              ),
          );
          if (Object.hasOwn(streamed, target) || returned === undefined || returned === null) return;
          const handle = storableReceipt(returned, redactor.redact);
          streamed[target] = handle;
          if (!(await keep(task, target, handle))) for (const pacer of pacers) void pacer.close();
        };
        return [
          createPacer({
            call: (signal) => redactor.hiding(secrets, () => call(signal)),
            everyMs: (dispatchers.get(type)?.streamEvery ?? EVERY_SECONDS) * 1000,
            settleMs: SETTLE_MS,
            clock,
            after(error, failures) {
              redactor.hiding(secrets, () => failed(type, error));
              return pauseAfter(error, failures);
            },
          }),
        ];
      }

      const pacers = targets.flatMap(pacerOf);
      return {
        changed() {
          for (const pacer of pacers) pacer.changed();
        },
        async close(withinMs) {
          await Promise.all(pacers.map((pacer) => pacer.close(withinMs)));
          return Object.keys(streamed).length > 0 ? streamed : null;
        },
      };
    },
  };
}

function pauseAfter(error: unknown, failures: number): number | undefined {
  if (isPermanent(error)) return undefined;
  const asked = isRetryable(error) ? Number(error.retryAfterSeconds ?? Number.NaN) * 1000 : Number.NaN;
  return asked > 0 ? asked : Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}

function updateOf(
  task: StreamedTask,
  dispatch_type: string,
  config: TaskTarget["dispatch_config"],
): Pick<StreamUpdate, "task" | "config" | "dispatchConfig" | "botId" | "sessionId"> {
  const { id, bot_id, session_id, channel_id, client_id, correlation_id } = task;
  const dispatch_config = { ...config, type: dispatch_type };
  return {
    task: { id, bot_id, session_id, channel_id, client_id, correlation_id, dispatch_type, dispatch_config },
    config,
    dispatchConfig: dispatch_config,
    botId: bot_id,
    sessionId: session_id,
  };
}
