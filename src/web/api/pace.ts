export interface Paced {
  /** Something has happened. */
  tell(): void;
  stop(): void;
}

/** An answer that has not come by then may never come, as through a proxy that has forgotten the connection. */
const LONGEST_MS = 60_000;

/**
 * Works soon after it was told, at most once in `everyMs`, and never while it still works: each event would begin anew what is being
 * read, and on a busy server nothing would ever arrive. What happens meanwhile is worked on afterwards, and after `longestMs` in any case.
 */
export function pace(work: () => unknown, everyMs: number, longestMs = LONGEST_MS): Paced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let begunAt = Number.NEGATIVE_INFINITY;
  let isWanted = false;
  /** Stands for the work that is waited for. */
  let awaited: (() => void) | undefined;
  const run = async () => {
    timer = undefined;
    isWanted = false;
    begunAt = performance.now();
    const done = () => {
      clearTimeout(end);
      // A work that was no longer waited for ends beside the next one.
      if (awaited !== done) return;
      awaited = undefined;
      if (isWanted) schedule();
    };
    const end = setTimeout(done, longestMs);
    awaited = done;
    try {
      await work();
    } finally {
      done();
    }
  };
  const schedule = () => {
    timer ??= setTimeout(() => void run(), Math.max(0, everyMs - (performance.now() - begunAt)));
  };
  return {
    tell() {
      isWanted = true;
      if (!awaited) schedule();
    },
    stop() {
      isWanted = false;
      clearTimeout(timer);
    },
  };
}
