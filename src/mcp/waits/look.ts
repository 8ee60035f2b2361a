// Looks after suspended calls: asks servers what has become of their tasks, ends questions that nobody has answered, and takes back
// what runs waited for that are over.

import { errorMessage } from "../../errors.ts";
import { every } from "../../every.ts";
import type { Logger } from "../../log.ts";
import { cancelTask, getTask } from "../client/calls.ts";
import type { Connection } from "../client/connection.ts";
import { isGone } from "../client/failure.ts";
import type { Wait, Waits } from "./waits.ts";

interface LookOptions {
  waits: Waits;
  /** Undefined if the server is disabled. */
  connectionTo: (id: string) => Pick<Connection, "use"> | undefined;
  onCommit: () => void;
  log: Logger;
  now: () => number;
  signal: AbortSignal;
}

const LOOK_MS = 1_000;
/** After a look at which nothing waited. What another server has begun to wait for, that server looks after while it lives. */
const LOOKS_LEFT_OUT = 14;

export interface FollowedWaits {
  /** A call of this server waits from now on. */
  begun(): void;
  close(): Promise<void>;
}

export function followWaits(options: Omit<LookOptions, "signal">): FollowedWaits {
  const ended = new AbortController();
  let leftOut = LOOKS_LEFT_OUT;
  const looking = every({
    name: "Looking at calls of MCP servers that wait",
    ms: LOOK_MS,
    async run() {
      leftOut += 1;
      if (leftOut <= LOOKS_LEFT_OUT) return;
      await look({ ...options, signal: ended.signal });
      if (!(await options.waits.isAny())) leftOut = 0;
    },
    log: options.log,
  });
  return {
    begun() {
      leftOut = LOOKS_LEFT_OUT;
    },
    async close() {
      ended.abort(new Error("The server stops."));
      await looking.close();
    },
  };
}

/** Longer than a request to a server may take. */
const CLAIM_MS = 60_000;
const REQUEST_MS = 30_000;

async function look({ waits, connectionTo, onCommit, log, now, signal }: LookOptions): Promise<void> {
  const calling = () => ({ signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) });

  async function takeBack(wait: Wait): Promise<void> {
    const connection = wait.kind === "task" ? connectionTo(wait.server_id) : undefined;
    // A server that does not listen ends it by itself, by its ttl.
    if (connection)
      await cancelTask(connection, waits.taskOf(wait).task, calling()).catch((error) =>
        log.debug("A task of MCP server {id} could not be cancelled: {reason}", {
          ...{ id: wait.server_id, reason: errorMessage(error) },
        }),
      );
    await waits.end(wait.id);
  }

  async function poll(wait: Wait): Promise<void> {
    const { task, pollMs } = waits.taskOf(wait);
    const connection = connectionTo(wait.server_id);
    try {
      if (!connection) return await waits.again(wait, pollMs);
      const { status, pollMs: next } = await getTask(connection, task, calling());
      if (status === "working") return await waits.again(wait, next);
    } catch (error) {
      // While the server is away the task may go on.
      if (!isGone(error)) return await waits.again(wait, pollMs);
    }
    await waits.settleNow(wait);
    onCommit();
  }

  const due = await waits.due(CLAIM_MS);
  await Promise.all(
    due.map(async (wait) => {
      if (wait.isOver) return takeBack(wait);
      if (wait.kind === "task" && wait.ends_at.getTime() > now()) return poll(wait);
      await waits.settleNow(wait);
      onCommit();
    }),
  );
}
