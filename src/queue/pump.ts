// Fetches as many jobs as there are free slots, on every completion and every wake-up. pg-boss's own `work()` waits a
// polling interval after each job, and its notifications do not wake the next job of a key.

import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";

export interface Pump {
  /** Call this when there may be jobs to fetch. */
  wake(): void;
  /** Stops fetching; resolves when all running jobs have ended and no query is pending. */
  stop(): Promise<void>;
}

/** False: when this job was claimed no other one waited behind it, and it no longer holds its key. */
export type SetFollowed = (isFollowed: boolean) => void;

interface Running {
  run: Promise<void>;
  /** On the clock of `performance`. */
  since: number;
}

export interface PumpOptions<Job> {
  concurrency: number;
  /** Maximum concurrent jobs per group: if all jobs of a group hang, other groups still find slots. */
  perGroup?: number;
  /** Returns undefined for a job without a group. Default: no job has one. */
  groupOf?: (job: Job) => string | undefined;
  /**
   * Whether jobs may have successors that can only run after them, so that each completion is a reason to fetch again.
   */
  ordered: boolean;
  /** Fetches at most `count` jobs, none of them from the groups in `full`. */
  fetch: (count: number, full: string[]) => Promise<Job[]>;
  /** Tells the queue that these jobs are still running; called for each at the latest after two beats. */
  touch: (jobs: Job[]) => Promise<void>;
  touchEveryMs: number;
  /**
   * Must not throw. It may call `setFollowed` with what it knows of its successors; a job that says nothing is taken to
   * have one.
   */
  run: (job: Job, setFollowed: SetFollowed) => Promise<void>;
  onError: (error: unknown) => void;
  /** How often to fetch without a wake-up, for deferred jobs and lost notifications. */
  backstopMs?: number;
  /**
   * Least time from one fetch to the next while jobs run. Under load a fetch then brings several jobs; it costs the database half a
   * millisecond, however many it brings. Default 5.
   */
  gatherMs?: number;
}

const GATHER_MS = 5;

export function createPump<Job>(options: PumpOptions<Job>): Pump {
  // A request that stores a job may wake the pump. The job must not inherit that request's async context.
  const outside = AsyncLocalStorage.snapshot();
  const running = new Map<Job, Running>();
  let fetching: Promise<void> | undefined;
  const { gatherMs = GATHER_MS } = options;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let woken = false;
  let stopped = false;
  /** True if the last fetch filled all the slots it asked for. */
  let mayBeMore = false;
  /** True if the last fetch may have left jobs behind because of its limits. */
  let wasLimited = false;
  /** Counts wake-ups from outside: each may be about the successor of a running job, which cannot be fetched yet. */
  let hints = 0;

  const drain = async () => {
    while (woken && !stopped) {
      const free = options.concurrency - running.size;
      // The completion of any job wakes the pump again.
      if (free <= 0) return;
      const early = fetchedAt + gatherMs - performance.now();
      if (running.size > 0 && early > 0) {
        await pause(early);
        continue;
      }
      woken = false;
      fetchedAt = performance.now();
      const { full, room } = shares();
      const count = Math.min(free, room);
      const jobs = await options.fetch(count, full);
      for (const job of jobs) start(job);
      mayBeMore = jobs.length === count;
      wasLimited = mayBeMore || full.length > 0;
      if (mayBeMore) woken = true;
    }
  };

  /** Determines which groups are at their limit, and how many more jobs any other single group may have. */
  const shares = (): { full: string[]; room: number } => {
    const { perGroup = Number.POSITIVE_INFINITY, groupOf } = options;
    const counts = new Map<string, number>();
    for (const job of running.keys()) {
      const group = groupOf?.(job);
      if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    const full = [...counts].filter(([, count]) => count >= perGroup).map(([group]) => group);
    const others = [...counts.values()].filter((count) => count < perGroup);
    return { full, room: perGroup - Math.max(0, ...others) };
  };

  const start = (job: Job) => {
    const hintsBefore = hints;
    let isFollowed = true;
    const setFollowed: SetFollowed = (known) => {
      isFollowed = known;
    };
    const run = outside(options.run, job, setFollowed)
      .catch(options.onError)
      .finally(() => {
        running.delete(job);
        const mayHaveSuccessor = options.ordered && (isFollowed || hints !== hintsBefore);
        // Otherwise new jobs cause a wake-up of their own.
        if (mayHaveSuccessor || wasLimited || woken) wake();
      });
    running.set(job, { run, since: performance.now() });
  };

  /**
   * Jobs that have run for a whole beat. Touching a job that is about to be completed waits for that, and everything that completes
   * another one of them waits for the touch.
   */
  const longRunning = (): Job[] =>
    [...running]
      .filter(([, { since }]) => performance.now() - since >= options.touchEveryMs)
      .map(([job]) => job);

  const wake = () => {
    woken = true;
    if (fetching || stopped) return;
    fetching = drain()
      .catch(options.onError)
      .finally(() => {
        fetching = undefined;
        // A wake-up between the last fetch and here must not be lost.
        if (woken && !stopped && running.size < options.concurrency) queueMicrotask(wake);
      });
  };

  // Plain timers rather than `every`: a wake-up joins a fetch under way, and the heartbeat must keep its rhythm while a touch
  // is slow.
  const backstop = setInterval(wake, options.backstopMs ?? 500);
  let touching = Promise.resolve();
  const heartbeat = setInterval(() => {
    const jobs = longRunning();
    if (jobs.length > 0) touching = options.touch(jobs).catch(options.onError);
  }, options.touchEveryMs);

  return {
    wake() {
      hints += 1;
      wake();
    },
    async stop() {
      stopped = true;
      clearInterval(backstop);
      await fetching;
      await Promise.all(Array.from(running.values(), ({ run }) => run));
      // The heartbeat must continue until the last job has ended.
      clearInterval(heartbeat);
      // The database may be closed as soon as this returns.
      await touching;
    },
  };
}
