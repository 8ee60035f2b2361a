// What an integration keeps for itself: the functions of `store` over whatever holds the values.

import { setTimeout as sleep } from "node:timers/promises";
import { HeddleError } from "../errors.ts";
import type { Store, StoredEntry } from "./types.ts";

/** A value as it is held; `version` differs from that of any other value the key has had. */
export interface HeldEntry extends StoredEntry {
  version: string;
}

/** What holds the values of one integration. Keys and values are checked already. */
export interface StoreBackend {
  read(key: string): Promise<HeldEntry | undefined>;
  /** `ifVersion`: only over this version; null: only when there is none. False when it is not so. */
  write(
    key: string,
    value: unknown,
    options: {
      secret?: boolean | undefined;
      ifVersion?: string | null | undefined;
      /** Undefined: it stays for good. */
      ttlSeconds?: number | undefined;
    },
  ): Promise<boolean>;
  /** The same; without `ifVersion` false when there was nothing. */
  remove(key: string, options: { ifVersion?: string | undefined }): Promise<boolean>;
  /** By key. */
  list(page: { prefix: string; after: string | undefined; limit: number }): Promise<StoredEntry[]>;
}

/** Of the JSON text, in bytes. */
export const LARGEST_VALUE = 256 * 1024;
const LONGEST_KEY = 255;
const LONGEST_LIST = 1000;
const MAX_TRIES = 100;
const LONGEST_WAIT_MS = 50;

export function createStore(backend: StoreBackend): Store {
  return {
    async get<Value>(key: string) {
      return (await backend.read(checkKey(key)))?.value as Value | undefined;
    },
    async set(key, value, { secret, ttlSeconds } = {}) {
      checkKey(key);
      jsonText(value);
      await backend.write(key, value, { secret, ttlSeconds: checkTtl(ttlSeconds) });
    },
    delete: (key) => backend.remove(checkKey(key), {}),
    list({ prefix = "", after, limit = 100 } = {}) {
      if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_LIST) {
        throw invalid("limit", `limit is 1 to ${LONGEST_LIST}`);
      }
      return backend.list({ prefix, after, limit }) as Promise<StoredEntry<never>[]>;
    },
    async update(key, change, { secret, ttlSeconds } = {}) {
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
          throw new HeddleError("conflict", `The stored value "${key}" changes too often to be updated`);
        }
        // Not all at once again.
        await sleep(Math.random() * Math.min(2 ** tries, LONGEST_WAIT_MS));
      }
    },
  };
}

/** A hundred years: beyond it dates end. */
export const LONGEST_TTL_SECONDS = 100 * 365 * 24 * 3600;

/** Throws "validation" for a time that no value can live. */
function checkTtl(ttlSeconds: number | undefined): number | undefined {
  if (ttlSeconds === undefined || (ttlSeconds > 0 && ttlSeconds <= LONGEST_TTL_SECONDS)) return ttlSeconds;
  throw invalid(
    "ttlSeconds",
    `ttlSeconds must be a number of seconds above 0, at most a hundred years; got ${ttlSeconds}`,
  );
}

/** Throws "validation" for a key that cannot be one. */
export function checkKey(key: string): string {
  const isKey =
    typeof key === "string" &&
    key.length >= 1 &&
    key.length <= LONGEST_KEY &&
    key.isWellFormed() &&
    !key.includes("\0") &&
    // In a URL these two are other places.
    key !== "." &&
    key !== "..";
  if (isKey) return key;
  throw invalid(
    "key",
    `A key of the store is a text of 1 to ${LONGEST_KEY} characters other than "." and ".."`,
  );
}

/** Throws "validation" for what is no JSON, "payload_too_large" beyond `LARGEST_VALUE`. */
export function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new HeddleError("validation", "A stored value is JSON", { field: "value", cause });
  }
  if (text === undefined) throw invalid("value", "A stored value is JSON; `delete` takes one away");
  if (new TextEncoder().encode(text).byteLength > LARGEST_VALUE) {
    throw new HeddleError("payload_too_large", "A stored value is at most 256 kB of JSON", {
      field: "value",
    });
  }
  return text;
}

const invalid = (field: string, message: string) => new HeddleError("validation", message, { field });
