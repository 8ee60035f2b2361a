// Limits how many unauthenticated webhooks are recorded: anybody can send them, and they must not fill the disk.

export interface RecordLimit {
  /** Takes one of what the key may have in this minute; `id` is that of the record to be written. */
  take(key: string, perMinute: number, id: string): boolean;
  /**
   * Returns the minutes that are over and in which records were skipped: how many, and the id of the last one
   * written.
   */
  takeEnded(): { key: string; lastId: string; skipped: number }[];
  /** Returns the same for all minutes, including those that are not over yet. */
  takeAll(): { key: string; lastId: string; skipped: number }[];
}

const MINUTE_MS = 60_000;

/** `now` returns milliseconds from any origin. */
export function createRecordLimit(now: () => number = () => performance.now()): RecordLimit {
  const minutes = new Map<string, { since: number; taken: number; skipped: number; lastId: string }>();
  const over: { key: string; lastId: string; skipped: number }[] = [];

  // A minute that starts in the future means that the clock was set back, so its length is unknown and it ends now.
  const isPast = (since: number, time: number) => time < since || time - since >= MINUTE_MS;

  const end = (isOver: (since: number) => boolean) => {
    for (const [key, { since, skipped, lastId }] of minutes) {
      if (!isOver(since)) continue;
      minutes.delete(key);
      if (skipped > 0) over.push({ key, lastId, skipped });
    }
    return over.splice(0);
  };

  return {
    take(key, perMinute, id) {
      const time = now();
      let minute = minutes.get(key);
      if (minute && isPast(minute.since, time)) {
        minutes.delete(key);
        if (minute.skipped > 0) over.push({ key, lastId: minute.lastId, skipped: minute.skipped });
        minute = undefined;
      }
      if (!minute) {
        minute = { since: time, taken: 0, skipped: 0, lastId: id };
        minutes.set(key, minute);
      }
      if (minute.taken >= perMinute) {
        minute.skipped += 1;
        return false;
      }
      minute.taken += 1;
      minute.lastId = id;
      return true;
    },
    takeEnded: () => end((since) => isPast(since, now())),
    takeAll: () => end(() => true),
  };
}
