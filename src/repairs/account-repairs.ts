// Repairs of accounts at services: those that an integration wants to use, and in which nobody has signed Heddle in yet.

import type { Connection } from "../listeners/connections.ts";
import type { AccountView } from "../oauth/accounts/accounts.ts";
import type { Repair } from "./repair.ts";

export type AccountSeen = Pick<
  AccountView,
  "integrationId" | "name" | "title" | "isWanted" | "missing" | "signedIn"
>;

export function accountRepairs(
  accounts: readonly AccountSeen[],
  nameOf: (integrationId: string) => string | undefined,
  connections: readonly Connection[],
): Repair[] {
  return accounts.flatMap(({ integrationId, name, title, isWanted, missing, signedIn }): Repair[] => {
    const integration = nameOf(integrationId);
    // A sign-in that has ended is reported by its connection.
    const hasEnded = connections.some(
      (one) => one.integration_id === integrationId && one.name === name && one.status === "reauth_required",
    );
    if (integration === undefined || !isWanted || missing.length > 0 || signedIn || hasEnded) return [];
    return [
      {
        id: `sign_in_missing/${integrationId}/${name}`,
        kind: "sign_in_missing",
        severity: "warning",
        title: `Nobody has signed Heddle in at ${title} for ${integration}.`,
        detail: null,
        blocks: "It does nothing there until somebody does.",
        since: null,
        count: 1,
        integration_id: integrationId,
        action: "sign_in",
        scope: "integrations:read",
      },
    ];
  });
}
