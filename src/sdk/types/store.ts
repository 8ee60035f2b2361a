// The store of an integration, as the SDK offers it.

/** A value with its key, as `store.list` returns it. */
export interface StoredEntry<Value = unknown> {
  /** 1 to 255 characters. */
  key: string;
  /** The JSON value. */
  value: Value;
  /** Whether it is encrypted and kept out of logs. */
  secret: boolean;
}

/** How `store.set` and `store.update` keep a value. */
export interface StoreOptions {
  /** Whether the value is encrypted and kept out of logs. Default: as it was, at first false. */
  secret?: boolean;
  /** Seconds after which the value is gone, above 0. Default: it stays. */
  ttlSeconds?: number;
}

/** Durable values of one integration, shared by all servers and its process. Values are JSON of at most 256 kB. */
export interface Store {
  /** Returns the value, or undefined when there is none. */
  get<Value = unknown>(key: string): Promise<Value | undefined>;
  /**
   * Stores a value. With `secret: true` it is encrypted, and each text in it is kept out of logs; left out, it stays as it was.
   * With `ttlSeconds` it is gone after that time; left out, it stays for good.
   */
  set(key: string, value: unknown, options?: StoreOptions): Promise<void>;
  /** Removes a value; returns whether there was one. */
  delete(key: string): Promise<boolean>;
  /** Returns the entries whose keys begin with `prefix` and come after `after`, by key; at most `limit`, 1 to 1000, by default 100. */
  list<Value = unknown>(options?: {
    /** What the keys begin with. Default: all keys. */
    prefix?: string;
    /** The last key of the page before. */
    after?: string;
    /** 1 to 1000; default 100. */
    limit?: number;
  }): Promise<StoredEntry<Value>[]>;
  /**
   * Reads, changes and writes with nobody in between, and returns what it wrote. `change` may be called several times,
   * so it should do nothing else; undefined removes the value. Throws `conflict` after a hundred tries in vain.
   */
  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: StoreOptions,
  ): Promise<Value | undefined>;
}
