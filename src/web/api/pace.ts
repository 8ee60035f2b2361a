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
  let isWorking = false;
  let isWanted = false;
  const run = async () => {
    timer = undefined;
    isWanted = false;
    isWorking = true;
    begunAt = performance.now();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const end = setTimeout(resolve, longestMs);
    try {
      await Promise.race([work(), tooLong]);
    } finally {
      clearTimeout(end);
      isWorking = false;
      if (isWanted) schedule();
    }
  };
  const schedule = () => {
    timer ??= setTimeout(() => void run(), Math.max(0, everyMs - (performance.now() - begunAt)));
  };
  return {
    tell() {
      isWanted = true;
      if (!isWorking) schedule();
    },
    stop() {
      isWanted = false;
      clearTimeout(timer);
    },
  };
}
