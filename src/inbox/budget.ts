// How many unproven webhooks are recorded: anybody can send them, and they must not fill the disk.

export interface Budget {
  /** Takes one from this minute's budget of the key; `id` is the record that it would pay for. */
  take(key: string, perMinute: number, id: string): boolean;
  /** Minutes that are over and in which some got nothing: how many, and the last that did. */
  takeEnded(): { key: string; lastId: string; skipped: number }[];
  /** The same for the minutes that are not over yet. */
  takeAll(): { key: string; lastId: string; skipped: number }[];
}

const MINUTE_MS = 60_000;

/** `now` counts milliseconds from anywhere. */
export function createBudget(now: () => number = () => performance.now()): Budget {
  const minutes = new Map<string, { since: number; taken: number; skipped: number; lastId: string }>();
  const over: { key: string; lastId: string; skipped: number }[] = [];

  // A minute that begins later than now is of another clock: nobody knows how long it has been.
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
