// The SDK's store of an integration.

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
  /** Whether the value is encrypted and kept out of logs. Default: as before; false for a new key. */
  secret?: boolean;
  /** Seconds after which the value expires, above 0. Default: never. */
  ttlSeconds?: number;
}

/** Durable values of one integration, shared by all servers and its process. Values are JSON of at most 256 kB. */
export interface Store {
  /** Returns the value, or undefined if there is none. */
  get<Value = unknown>(key: string): Promise<Value | undefined>;
  /**
   * Stores a value. With `secret: true` it is encrypted and each text in it is kept out of logs; if `secret` is left
   * out, that stays as before. With `ttlSeconds` it expires after that time; otherwise never.
   */
  set(key: string, value: unknown, options?: StoreOptions): Promise<void>;
  /** Removes a value; returns whether there was one. */
  delete(key: string): Promise<boolean>;
  /**
   * Returns the entries whose keys begin with `prefix` and come after `after`, sorted by key; at most `limit`, 1 to
   * 1000, by default 100.
   */
  list<Value = unknown>(options?: {
    /** The prefix of the keys. Default: all keys. */
    prefix?: string;
    /** The last key of the previous page. */
    after?: string;
    /** 1 to 1000; default 100. */
    limit?: number;
  }): Promise<StoredEntry<Value>[]>;
  /**
   * Reads, changes and writes a value atomically, and returns the new value. `change` may be called several times, so
   * it must have no side effects; undefined removes the value. Throws `conflict` after a hundred unsuccessful tries.
   */
  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: StoreOptions,
  ): Promise<Value | undefined>;
}
