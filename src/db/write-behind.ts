// Writes to the database behind the caller: an item is taken at once and stored soon, in a batch with others. For records
// that a request must not wait for, and whose loss in a crash is bearable: nothing here is stored when `add` returns.

/** What happens to a batch whose write failed: written again later, item by item, or given up. */
export type AfterFailure = "retry" | "split" | "lose";

export interface WriteBehindOptions<Item> {
  /** Stores the items of one batch, in their order. Never called twice at a time. */
  write(items: Item[]): Promise<void>;
  /** Items in one batch. */
  limit: number;
  /** How long the first item waits for company. Zero: until the code that adds it yields. */
  lingerMs: number;
  /** Items that may wait, and bytes that may wait or be under way. */
  maxItems: number;
  maxBytes?: number;
  bytesOf?: (item: Item) => number;
  /** What happens to an item that there is no room for. Default "refuse": `add` returns false. */
  whenFull?: "refuse" | "drop oldest";
  /** An item takes the place of a waiting one with the same key. By default none does. */
  keyOf?: (item: Item) => unknown;
  /** Default: every failure loses the batch. Once closed, "retry" means "split". */
  afterFailure?: (error: unknown) => AfterFailure;
  retryMs?: number;
  /** Called with the items that could not be written, and why. */
  onLost(items: Item[], error: unknown): void;
}

export interface WriteBehind<Item> {
  /** False when the item was refused because too many wait. */
  add(item: Item): boolean;
  /** Resolves when everything added before is written or lost. Cuts the pauses short. */
  flush(): Promise<void>;
  /** Forgets what waits; resolves when the write under way has ended. */
  discard(): Promise<void>;
  /** Flushes without further retries. What is added later is still written, at once. */
  close(): Promise<void>;
}

export function createWriteBehind<Item>(options: WriteBehindOptions<Item>): WriteBehind<Item> {
  const { limit, lingerMs, maxItems, maxBytes = Number.POSITIVE_INFINITY, retryMs = 1_000 } = options;
  const { bytesOf = () => 0, keyOf = () => Symbol(), afterFailure = () => "lose" as const } = options;
  const waiting = new Map<unknown, Item>();
  let underWay: Item[] = [];
  let bytes = 0;
  /** Counts the items that were written, lost, dropped or discarded; they leave in the order they came in. */
  let gone = 0;
  let progress = Promise.withResolvers<void>();
  let isRunning = false;
  let isClosing = false;
  let endPause = () => {};

  function leave(items: Item[]): void {
    gone += items.length;
    for (const item of items) bytes -= bytesOf(item);
    progress.resolve();
    progress = Promise.withResolvers();
  }

  function dropOldest(): void {
    const oldest = waiting.entries().next().value;
    if (!oldest) return;
    waiting.delete(oldest[0]);
    leave([oldest[1]]);
  }

  /** Never rejects. */
  async function run(): Promise<void> {
    isRunning = true;
    await pause(lingerMs);
    while (waiting.size > 0) {
      const batch = waiting.entries().take(limit).toArray();
      for (const [key] of batch) waiting.delete(key);
      underWay = batch.map(([, item]) => item);
      await store(underWay);
      const written = underWay;
      underWay = [];
      leave(written);
    }
    isRunning = false;
  }

  async function store(items: Item[]): Promise<void> {
    for (;;) {
      try {
        return await options.write(items);
      } catch (error) {
        const next = afterFailure(error);
        if (next === "retry" && !isClosing) {
          await pause(retryMs);
          continue;
        }
        if (next === "lose" || items.length === 1) return options.onLost(items, error);
        // One of them may be at fault; the others must not be lost for it.
        for (const item of items) await store([item]);
        return;
      }
    }
  }

  function pause(ms: number): Promise<void> {
    if (isClosing || ms === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    endPause = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }

  async function flush(): Promise<void> {
    const goal = gone + underWay.length + waiting.size;
    while (gone < goal) {
      endPause();
      await progress.promise;
    }
  }

  return {
    add(item) {
      const key = keyOf(item);
      const replaced = waiting.get(key);
      if (replaced !== undefined) bytes -= bytesOf(replaced);
      else if (waiting.size >= maxItems || bytes + bytesOf(item) > maxBytes) {
        if (options.whenFull !== "drop oldest") return false;
        dropOldest();
      }
      waiting.set(key, item);
      bytes += bytesOf(item);
      if (!isRunning) void run();
      return true;
    },
    flush,
    async discard() {
      leave([...waiting.values()]);
      waiting.clear();
      await flush();
    },
    close() {
      isClosing = true;
      return flush();
    },
  };
}
