// Starts a listener of an integration in an author's test.

import { testSeam } from "./test-seam.ts";

/** A listener that a test has started. */
export interface RunningListener {
  /** What it has reported, in order: `["connected", "as @ops"]`. */
  reports: [status: "connected" | "degraded", detail: string | undefined][];
  /** Resolves with its first report; rejects if it ends without one. */
  reported: Promise<void>;
  /** Aborts its signal; resolves when it has ended, and rejects with what it threw for another reason. */
  stop(): Promise<void>;
}

interface StartListener {
  /** When the service was last heard from. Default: never. */
  since?: Date | null;
}

/** Starts the registered listener of this name once; the server would start it again when it ends. */
export function startListener(name: string, { since = null }: StartListener = {}): RunningListener {
  const { listeners } = testSeam().registered;
  const listener = listeners.find((one) => one.name === name);
  if (!listener) {
    const known = listeners.map((one) => one.name).join(", ");
    throw new Error(`There is no listener "${name}"; registered: ${known || "none"}.`);
  }
  const stopping = new AbortController();
  const reports: RunningListener["reports"] = [];
  const first = Promise.withResolvers<void>();
  let catching: Promise<unknown> | undefined;
  const report = (status: "connected" | "degraded", detail: string | undefined) => {
    reports.push([status, detail]);
    first.resolve();
  };
  const ended = (async () =>
    listener.run({
      signal: stopping.signal,
      since,
      silenceSeconds: listener.silenceSeconds ?? Number.POSITIVE_INFINITY,
      attempt: 1,
      connected(detail) {
        report("connected", detail);
        if (since) catching ??= listener.catchUp?.({ since, signal: stopping.signal });
        // Told by `stop`.
        catching?.catch(() => {});
      },
      degraded: (reason) => report("degraded", reason),
      alive: () => {},
    }))();
  ended.then(() => first.reject(new Error("It ended without a report.")), first.reject);
  first.promise.catch(() => {});
  return {
    reports,
    reported: first.promise,
    async stop() {
      stopping.abort(new Error("The test stops the listener."));
      await Promise.all([ended, catching]).catch((error: unknown) => {
        if (error !== stopping.signal.reason && (error as Error | null)?.name !== "AbortError") throw error;
      });
    },
  };
}
