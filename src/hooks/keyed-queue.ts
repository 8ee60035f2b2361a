// What waits, in order for each key: one item of a key is out at a time, those of other keys beside it.

export interface KeyedQueue<Item> {
  /** Items that wait. */
  readonly size: number;
  add(key: string, item: Item): void;
  /** The first item of the key whose turn was longest ago; the key is held until `release`. */
  take(): Entry<Item> | undefined;
  /** The item is over: the next one of its key may be taken. */
  release(key: string): void;
  /** The item comes again, before all others of its key, which stays held. */
  putBack(entry: Entry<Item>): void;
  /** Takes out the one that was added first of those that wait. */
  dropOldest(): Entry<Item> | undefined;
}

export interface Entry<Item> {
  key: string;
  item: Item;
}

export function createKeyedQueue<Item>(): KeyedQueue<Item> {
  /** All that waits, oldest first. */
  const waiting = new Set<Entry<Item>>();
  const byKey = new Map<string, Entry<Item>[]>();
  const held = new Set<string>();
  /** Keys that are not held and have something waiting. */
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
