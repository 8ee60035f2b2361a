// A queue that is ordered for each key: one item of a key is in progress at a time, and different keys are independent.

export interface KeyedQueue<Item> {
  /** Number of waiting items. */
  readonly size: number;
  add(key: string, item: Item): void;
  /** Takes the first item of the key served longest ago; the key is held until `release`. */
  take(): Entry<Item> | undefined;
  /** Ends the item in progress: the next one of its key may be taken. */
  release(key: string): void;
  /** Returns an item to the front of its key, which stays held. */
  putBack(entry: Entry<Item>): void;
  /** Removes the oldest waiting item. */
  dropOldest(): Entry<Item> | undefined;
}

export interface Entry<Item> {
  key: string;
  item: Item;
}

export function createKeyedQueue<Item>(): KeyedQueue<Item> {
  /** All waiting items, oldest first. */
  const waiting = new Set<Entry<Item>>();
  const byKey = new Map<string, Entry<Item>[]>();
  const held = new Set<string>();
  /** Keys that are not held and have waiting items. */
  const ready = new Set<string>();

  const forget = (key: string, entries: Entry<Item>[]) => {
    if (entries.length > 0) return;
    byKey.delete(key);
    ready.delete(key);
  };

  return {
    get size() {
      return waiting.size;
    },
    add(key, item) {
      const entry = { key, item };
      waiting.add(entry);
      const entries = byKey.get(key);
      if (entries) entries.push(entry);
      else byKey.set(key, [entry]);
      if (!held.has(key)) ready.add(key);
    },
    take() {
      const [key] = ready;
      const entries = key === undefined ? undefined : byKey.get(key);
      const entry = entries?.shift();
      if (key === undefined || !entries || !entry) return undefined;
      waiting.delete(entry);
      held.add(key);
      ready.delete(key);
      forget(key, entries);
      return entry;
    },
    release(key) {
      held.delete(key);
      if (byKey.has(key)) ready.add(key);
    },
    putBack(entry) {
      waiting.add(entry);
      const entries = byKey.get(entry.key);
      if (entries) entries.unshift(entry);
      else byKey.set(entry.key, [entry]);
    },
    dropOldest() {
      const [oldest] = waiting;
      const entries = oldest && byKey.get(oldest.key);
      if (!oldest || !entries) return undefined;
      waiting.delete(oldest);
      entries.splice(entries.indexOf(oldest), 1);
      forget(oldest.key, entries);
      return oldest;
    },
  };
}
