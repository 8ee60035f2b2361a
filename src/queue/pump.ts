// Fetches as many jobs as there are free slots, again on each completion and on each wake-up. pg-boss's own
// `work()` waits a polling interval after each job, and its notifications do not wake the next job of a key.

import { AsyncLocalStorage } from "node:async_hooks";

export interface Pump {
  /** Something may be there to fetch. */
  wake(): void;
  /** Fetches no more; resolves when all that runs has ended. */
  stop(): Promise<void>;
}

export interface PumpOptions<Job> {
  concurrency: number;
  /** Jobs have successors that may run only after them: the end of one is a reason to look again. */
  ordered: boolean;
  fetch: (count: number) => Promise<Job[]>;
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
      const jobs = await options.fetch(free);
      for (const job of jobs) start(job);
      mayBeMore = jobs.length === free;
      if (mayBeMore) woken = true;
    }
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
  const heartbeat = setInterval(() => {
    if (running.size > 0) options.touch([...running.keys()]).catch(options.onError);
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
    },
  };
}
