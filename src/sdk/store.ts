// The functions of `store`, over a backend that holds an integration's values.

import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, HeddleError } from "../errors.ts";
import { jsonOf } from "../schema/json-of.ts";
import { checkArgument } from "./arguments.ts";
import { checkOptions } from "./options.ts";
import type { Store, StoredEntry } from "./types.ts";

/** A stored value; `version` differs from that of any other value that the key has had. */
export interface HeldEntry extends StoredEntry {
  version: string;
}

/** Holds the values of one integration. Keys and values have been checked already. */
export interface StoreBackend {
  /** Returns the value with its version; undefined if there is none. */
  read(key: string): Promise<HeldEntry | undefined>;
  /**
   * Writes only over the version `ifVersion`, or, if that is null, only if there is no value; otherwise returns
   * false.
   */
  write(
    key: string,
    value: unknown,
    options: {
      /** Whether it is stored encrypted. */
      secret?: boolean | undefined;
      /** The version that is to be replaced; null: none; undefined: whichever there is. */
      ifVersion?: string | null | undefined;
      /** Undefined: the value never expires. */
      ttlSeconds?: number | undefined;
    },
  ): Promise<boolean>;
  /** Removes only the version `ifVersion`, otherwise returns false; without it, returns false if there was no value. */
  remove(
    key: string,
    options: {
      /** The version that is to be removed; undefined: whichever there is. */
      ifVersion?: string | undefined;
    },
  ): Promise<boolean>;
  /** Lists entries sorted by key. */
  list(page: {
    /** What keys must begin with. */
    prefix: string;
    /** The last key of the page before. */
    after: string | undefined;
    /** The most entries that are returned. */
    limit: number;
  }): Promise<StoredEntry[]>;
}

/** The maximum bytes of a value's JSON text. */
export const LARGEST_VALUE = 256 * 1024;
const LONGEST_KEY = 255;
const LONGEST_LIST = 1000;
const WRITING = ["secret", "ttlSeconds"];
const MAX_TRIES = 100;
const LONGEST_WAIT_MS = 50;

export function createStore(backend: StoreBackend): Store {
  return {
    async get<Value>(key: string) {
      return (await backend.read(checkKey(key)))?.value as Value | undefined;
    },
    async set(key, value, options = {}) {
      checkOptions("store.set", options, WRITING);
      const { secret, ttlSeconds } = options;
      checkKey(key);
      jsonText(value);
      await backend.write(key, value, { secret, ttlSeconds: checkTtl(ttlSeconds) });
    },
    delete: (key) => backend.remove(checkKey(key), {}),
    list(options = {}) {
      checkOptions("store.list", options, ["prefix", "after", "limit"]);
      const { prefix = "", after, limit = 100 } = options;
      checkPlace({ prefix, after });
      if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_LIST) {
        throw invalid("limit", `limit must be a whole number from 1 to ${LONGEST_LIST}.`);
      }
      return backend.list({ prefix, after, limit }) as Promise<StoredEntry<never>[]>;
    },
    async update(key, change, options = {}) {
      checkOptions("store.update", options, WRITING);
      checkArgument("The second argument of store.update()", change, "a function");
      const { secret, ttlSeconds } = options;
      checkKey(key);
      checkTtl(ttlSeconds);
      for (let tries = 1; ; tries++) {
        const held = await backend.read(key);
        const value = await change(held?.value as never);
        if (value !== undefined) jsonText(value);
        const isDone =
          value !== undefined
            ? await backend.write(key, value, { secret, ttlSeconds, ifVersion: held?.version ?? null })
            : held === undefined || (await backend.remove(key, { ifVersion: held.version }));
        if (isDone) return value;
        if (tries === MAX_TRIES) {
          throw new HeddleError(
            "conflict",
            `The stored value "${key}" is changed by others too often to be updated; try again.`,
          );
        }
        // A random pause keeps competing writers from colliding again.
        await sleep(Math.random() * Math.min(2 ** tries, LONGEST_WAIT_MS));
      }
    },
  };
}

/** A hundred years, within the range of dates. */
export const LONGEST_TTL_SECONDS = 100 * 365 * 24 * 3600;

/** Throws "validation" for an invalid lifetime. */
function checkTtl(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined || (ttlSeconds > 0 && ttlSeconds <= LONGEST_TTL_SECONDS)) return ttlSeconds;
  throw invalid(
    "ttlSeconds",
    `ttlSeconds must be a number of seconds above 0, at most a hundred years; got ${ttlSeconds}.`,
  );
}

/** Throws "validation" for an invalid key. */
export function checkKey(key: string): string {
  const isKey =
    typeof key === "string" &&
    key.length >= 1 &&
    key.length <= LONGEST_KEY &&
    key.isWellFormed() &&
    !key.includes("\0") &&
    // In a URL these two would lead to other paths.
    key !== "." &&
    key !== "..";
  if (isKey) return key;
  throw invalid(
    "key",
    `The key of a stored value must be a text of 1 to ${LONGEST_KEY} characters other than "." and ".."; got ${keyGot(key)}.`,
  );
}

/** What was given, without repeating a long text. */
function keyGot(key: unknown): string {
  if (typeof key !== "string") return key === null ? "null" : `a value of the type ${typeof key}`;
  if (key.length > LONGEST_KEY)
    return `one of ${key.length}, which begins with ${JSON.stringify(key.slice(0, 40))}`;
  return key.isWellFormed() && !key.includes("\0")
    ? JSON.stringify(key)
    : "one with a character that cannot be stored";
}

/** Throws "validation" for the beginning of keys, or a key to go on from, that the database cannot even be asked for. */
export function checkPlace(place: { prefix: string; after: string | undefined }): void {
  for (const [field, text] of Object.entries(place)) {
    if (text === undefined || (typeof text === "string" && text.isWellFormed() && !text.includes("\0")))
      continue;
    throw invalid(field, `${field} of store.list() must be the text of a key, or of its beginning.`);
  }
}

/** Throws "validation" for a value that is not JSON, and "payload_too_large" for more than `LARGEST_VALUE`. */
export function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = jsonOf(value);
  } catch (cause) {
    const message = `A stored value must be JSON: ${errorMessage(cause)}.`;
    throw new HeddleError("validation", message, { field: "value", cause });
  }
  if (text === undefined) throw invalid("value", "A stored value must be JSON; use `delete` to remove one.");
  if (new TextEncoder().encode(text).byteLength > LARGEST_VALUE) {
    throw new HeddleError("payload_too_large", "A stored value must be at most 256 kB of JSON.", {
      field: "value",
    });
  }
  return text;
}

const invalid = (field: string, message: string) => new HeddleError("validation", message, { field });
