// Repairs of connections to services: those that stay bad, and those that need a person to sign in again.

import type { Connection } from "../listeners/connections.ts";
import { DELIVERIES } from "../listeners/delivery-credentials.ts";
import type { AccountSeen } from "./account-repairs.ts";
import type { Repair } from "./repair.ts";

/** A connection that breaks is usually back within this time. */
const PATIENCE_MS = 120_000;

export interface ConnectionFacts {
  nameOf: (integrationId: string) => string | undefined;
  accounts: readonly Pick<AccountSeen, "integrationId" | "name" | "title">[];
}

export function connectionRepairs(
  connections: readonly Connection[],
  { nameOf, accounts }: ConnectionFacts,
  now: number,
): Repair[] {
  return connections.flatMap(({ integration_id, name, status, detail, since }): Repair[] => {
    const service = nameOf(integration_id);
    if (service === undefined) return [];
    const which = name === "main" ? "" : ` (${name})`;
    const of = { integration_id, detail, since, count: 1, scope: "integrations:read" } as const;
    const account = accounts.find((one) => one.integrationId === integration_id && one.name === name);
    if (status === "reauth_required" && account) {
      return [
        {
          ...of,
          id: `connection_unauthorized/${integration_id}/${name}`,
          kind: "connection_unauthorized",
          severity: "error",
          title: `${account.title} wants a person to sign in again for ${service}.`,
          blocks: "Nothing is received or sent in its name until somebody does.",
          action: "sign_in",
        },
      ];
    }
    if (status === "reauth_required" && name === DELIVERIES) {
      // The listener to the same service has reported it already.
      if (
        connections.some(
          (one) => one.integration_id === integration_id && isRefused(one) && one.name !== name,
        )
      )
        return [];
      return [
        {
          ...of,
          id: `connection_unauthorized/${integration_id}/${name}`,
          kind: "connection_unauthorized",
          severity: "error",
          title: `${service} does not accept the credentials.`,
          blocks: "Nothing is delivered until they are changed; what waits is then tried at once.",
          action: "set_settings",
        },
      ];
    }
    if (status === "reauth_required") {
      return [
        {
          ...of,
          id: `connection_unauthorized/${integration_id}/${name}`,
          kind: "connection_unauthorized",
          severity: "error",
          title: `${service} does not accept the credentials${which}.`,
          blocks: "Nothing is received until they are changed.",
          action: "set_settings",
        },
      ];
    }
    if (status === "connected" || now - since.getTime() < PATIENCE_MS) return [];
    return [
      {
        ...of,
        id: `connection_degraded/${integration_id}/${name}`,
        kind: "connection_degraded",
        severity: "warning",
        title: `${service} is not connected${which}.`,
        blocks: "What it sends may arrive late. The connection is tried again by itself.",
        action: "check_connection",
      },
    ];
  });
}

const isRefused = ({ status }: Connection): boolean => status === "reauth_required";
