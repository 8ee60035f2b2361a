// LISTENs on a separate connection that is re-established after an outage. (postgres.js's own `listen` forgets a
// channel if the first attempt to reconnect fails.)

import postgres, { type Options, type Sql } from "postgres";
import { errorMessage } from "../errors.ts";
import { every } from "../every.ts";
import type { Logger } from "../log.ts";
import type { Database } from "./database.ts";

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** A connection that only listens is silent; regular queries reveal a dead one. */
const ASK_EVERY_MS = 15_000;

interface Subscriber {
  channel: string;
  onPayload: (payload: string) => void;
  onConnected: () => void;
}

export interface Listener {
  listen: Database["listen"];
  close(): Promise<void>;
}

export interface CreateListener {
  databaseUrl: string;
  options: Options<Record<string, never>>;
  log: Logger;
}

export function createListener({ databaseUrl, options, log }: CreateListener): Listener {
  const subscribers = new Set<Subscriber>();
  let client: Sql | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let closed = false;
  // If there is no answer, the driver drops the connection and `onclose` opens a new one.
  const pings = every({
    name: "Asking the connection for notifications",
    ms: ASK_EVERY_MS,
    log,
    run: async () => void (await client?.unsafe("select 1").catch(() => undefined)),
  });

  function connect(): Sql {
    // postgres.js passes on notifications through the internal option `onnotify`, which its types lack.
    const own: Options<Record<string, never>> & { onnotify: (channel: string, payload: string) => void } = {
      ...options,
      max: 1,
      fetch_types: false,
      idle_timeout: 0,
      max_lifetime: null,
      onnotify(channel, payload) {
        for (const subscriber of subscribers)
          if (subscriber.channel === channel) subscriber.onPayload(payload);
      },
      onclose: () => lost(made),
    };
    const made = postgres(databaseUrl, own);
    return made;
  }

  function lost(gone: Sql): void {
    if (closed || client !== gone) return;
    client = undefined;
    void gone.end({ timeout: 0 });
    clearTimeout(retryTimer);
    if (subscribers.size > 0) retryTimer = setTimeout(() => void reconnect(), retryMs);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }

  async function reconnect(): Promise<void> {
    // A listener that began meanwhile has made one.
    client ??= connect();
    const mine = client;
    try {
      const channels = new Set([...subscribers].map(({ channel }) => channel));
      for (const channel of channels) await mine.unsafe(`listen ${quoted(channel)}`);
    } catch (error) {
      log.debug("Reconnecting for notifications failed: {error}", { error: errorMessage(error) });
      lost(mine);
      return;
    }
    retryMs = FIRST_RETRY_MS;
    for (const { onConnected } of subscribers) onConnected();
  }

  return {
    async listen(channel, onPayload, onConnected) {
      const subscriber: Subscriber = { channel, onPayload, onConnected };
      client ??= connect();
      await client.unsafe(`listen ${quoted(channel)}`);
      subscribers.add(subscriber);
      onConnected();
      return {
        async close() {
          subscribers.delete(subscriber);
          const needed = [...subscribers].some((other) => other.channel === channel);
          // A lost connection has nothing to unlisten.
          if (!needed && !closed) await client?.unsafe(`unlisten ${quoted(channel)}`).catch(() => undefined);
        },
      };
    },
    async close() {
      closed = true;
      clearTimeout(retryTimer);
      // The end of the connection also ends a question without an answer.
      await Promise.all([client?.end({ timeout: 1 }), pings.close()]);
    },
  };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
