// Fetches as many jobs as there are free slots, again on each completion and on each wake-up. pg-boss's own
// `work()` waits a polling interval after each job, and its notifications do not wake the next job of a key.

import { AsyncLocalStorage } from "node:async_hooks";

export interface Pump {
  /** Something may be there to fetch. */
  wake(): void;
  /** Fetches no more; resolves when all that runs has ended, and it asks nothing of the queue any more. */
  stop(): Promise<void>;
}

export interface PumpOptions<Job> {
  concurrency: number;
  /** Of one group so many at once, at most: when all of its jobs hang, the others' still find slots. */
  perGroup?: number;
  /** Undefined for a job that counts to no group. Default: none does. */
  groupOf?: (job: Job) => string | undefined;
  /** Jobs have successors that may run only after them: the end of one is a reason to look again. */
  ordered: boolean;
  /** At most `count` jobs, and none of the groups in `full`. */
  fetch: (count: number, full: string[]) => Promise<Job[]>;
  /** Tells the queue that these are still running. */
  touch: (jobs: Job[]) => Promise<void>;
  touchEveryMs: number;
  /** Must not throw. */
  run: (job: Job) => Promise<void>;
  onError: (error: unknown) => void;
  /** Fetches without a wake-up this often: deferred jobs, and notifications that were lost. */
  backstopMs?: number;
}

export function createPump<Job>(options: PumpOptions<Job>): Pump {
  // Who stores a job may wake the pump from within a request: a job must not take itself for a part of that.
  const outside = AsyncLocalStorage.snapshot();
  const running = new Map<Job, Promise<void>>();
  let fetching: Promise<void> | undefined;
  let woken = false;
  let stopped = false;
  /** The last look found as many as there were slots for. */
  let mayBeMore = false;

  const drain = async () => {
    while (woken && !stopped) {
      const free = options.concurrency - running.size;
      // The completion of any job wakes again.
      if (free <= 0) return;
      woken = false;
      const { full, room } = shares();
      const count = Math.min(free, room);
      const jobs = await options.fetch(count, full);
      for (const job of jobs) start(job);
      mayBeMore = jobs.length === count;
      if (mayBeMore) woken = true;
    }
  };

  /** Which groups have their share already, and how many of any one other group still fit into its own. */
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
    const run = outside(options.run, job)
      .catch(options.onError)
      .finally(() => {
        running.delete(job);
        // Otherwise whatever comes wakes by itself.
        if (options.ordered || mayBeMore || woken) wake();
      });
    running.set(job, run);
  };

  const wake = () => {
    woken = true;
    if (fetching || stopped) return;
    fetching = drain()
      .catch(options.onError)
      .finally(() => {
        fetching = undefined;
        // A wake-up between the last look and here must not be lost.
        if (woken && !stopped && running.size < options.concurrency) queueMicrotask(wake);
      });
  };

  const backstop = setInterval(wake, options.backstopMs ?? 500);
  let touching = Promise.resolve();
  const heartbeat = setInterval(() => {
    if (running.size > 0) touching = options.touch([...running.keys()]).catch(options.onError);
  }, options.touchEveryMs);

  return {
    wake,
    async stop() {
      stopped = true;
      clearInterval(backstop);
      await fetching;
      await Promise.all(running.values());
      // Until the last one ended its claim had to be kept.
      clearInterval(heartbeat);
      // The database may be closed right after this.
      await touching;
    },
  };
}
