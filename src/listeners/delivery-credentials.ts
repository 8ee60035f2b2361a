// Credentials that a service has refused when something was delivered: shown like a connection, until a delivery succeeds or settings change.

import type { Logger } from "../log.ts";
import { isReauthRequired } from "../sdk/errors.ts";
import type { Connections } from "./connections.ts";

/** The name among the integration's connections. */
export const DELIVERIES = "deliveries";

export interface DeliveryCredentials {
  /** What became of an attempt to deliver with a dispatcher of this type; `error` is null if it succeeded. */
  heard(type: string, error: unknown, reason: string): void;
  /** Its settings have changed. Deliveries that waited for that are tried at once. */
  changed(integrationId: string): Promise<void>;
}

export interface DeliveryCredentialsOptions {
  connections: Pick<Connections, "report" | "forget" | "list">;
  /** The integration that registered a dispatcher; undefined for the server's own. */
  ownerOf(type: string): string | undefined;
  /** Has deliveries by dispatchers of this integration tried now. */
  hurry(integrationId: string): Promise<void>;
  log: Logger;
  /** A monotonic clock, in milliseconds. */
  now?: () => number;
}

/** What is stored is read once in this time, not for each of many deliveries. */
const ACCEPTED_MS = 60_000;

export function createDeliveryCredentials(options: DeliveryCredentialsOptions): DeliveryCredentials {
  const { connections, ownerOf, hurry, log, now = () => performance.now() } = options;
  /** Those of which this server knows that they are refused, and what is being stored about them. */
  const refused = new Map<string, Promise<unknown>>();
  /** When each was last known to be accepted: another server, or this one before its start, may have stored that it was refused. */
  const accepted = new Map<string, number>();

  const storing = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error) => log.error("The state of a connection could not be stored: {error}", { error }));

  const forget = (id: string): Promise<unknown> => {
    const before = refused.get(id) ?? Promise.resolve();
    refused.delete(id);
    return storing(before.then(() => connections.forget(id, DELIVERIES)));
  };

  return {
    heard(type, error, reason) {
      const id = ownerOf(type);
      if (id === undefined) return;
      if (error === null) {
        const before = accepted.get(id) ?? Number.NEGATIVE_INFINITY;
        if (!refused.has(id) && now() - before < ACCEPTED_MS) return;
        accepted.set(id, now());
        void forget(id);
      } else if (isReauthRequired(error)) {
        const report = {
          integrationId: id,
          name: DELIVERIES,
          status: "reauth_required",
          detail: reason,
        } as const;
        refused.set(id, storing(connections.report(report)));
      }
    },
    async changed(id) {
      // Another server may be the one that was refused.
      const known = await connections.list(id);
      if (!refused.has(id) && !known.some(({ name }) => name === DELIVERIES)) return;
      await forget(id);
      await hurry(id);
    },
  };
}
