// In which state an integration is as a whole, by its connections: that of the worst of them.

import { t } from "elysia";
import type { Connection } from "../../../../listeners/connections.ts";
import { InstantOf, instant, nullable, oneOf } from "../../schemas.ts";

/** Without an id: those of all integrations. */
export type ListConnections = (integrationId?: string) => Promise<Connection[]>;

/** The most serious first. */
const STATUSES = ["reauth_required", "degraded", "connecting", "connected"] as const;

export const WorstConnection = t.Object({
  status: oneOf(STATUSES, "reauth_required: the service refuses what the settings contain."),
  detail: nullable(t.String(), "Why it is degraded, or as whom it is connected."),
  since: InstantOf("When it got this status."),
});

export function worstOf(connections: readonly Connection[]) {
  const rank = ({ status }: Connection) => STATUSES.indexOf(status);
  const [worst] = connections.toSorted((a, b) => rank(a) - rank(b));
  return worst ? { status: worst.status, detail: worst.detail, since: instant(worst.since) } : null;
}
