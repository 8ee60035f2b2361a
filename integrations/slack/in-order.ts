// What comes from one channel is taken in the order in which it came: an edit after the message that it edits, a short message after a long one.

/** The last work for each channel that has not ended. */
const last = new Map<string, Promise<unknown>>();

/** Begins the work when the one before it with the same key has ended, however that ended. */
export function inOrder<Made>(key: string, work: () => Promise<Made>): Promise<Made> {
  const taking = (last.get(key) ?? Promise.resolve()).then(work);
  const ended = taking
    .catch(() => undefined)
    .then(() => {
      if (last.get(key) === ended) last.delete(key);
    });
  last.set(key, ended);
  return taking;
}
