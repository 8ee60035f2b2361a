// The state of an integration. Every status that others see is a pure function of it.

import type { Problem } from "../../runtime/bundle.ts";
import { NOTHING_TAKEN_IN, type TakenIn } from "../../runtime/taken-in.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { LoadedIntegration } from "../loading/load.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import type { PendingApproval } from "../review/review.ts";

/** How the last load ended. "clashing": loaded, but one of its names belongs to another; it goes live when the name is free. */
export type Outcome =
  | { is: "loading" }
  | { is: "ok" }
  | { is: "failed"; problem: Problem }
  | { is: "clashing"; problem: Problem; loaded: LoadedIntegration };

export interface IntegrationState {
  found: FoundIntegration;
  /** The version that answers requests. It stays while a newer one fails, waits for approval or clashes. */
  live: LoadedIntegration | undefined;
  outcome: Outcome;
  /** Set while the version on the disk waits for approval. */
  pending: PendingApproval | undefined;
  /** Settings declared by the last load, also by a failed one: a missing setting may be the cause. */
  settings: IntegrationSetting[];
  /** Files that the last load took in from outside the folder. */
  takenIn: TakenIn;
}

export const newState = (found: FoundIntegration): IntegrationState => ({
  found,
  live: undefined,
  outcome: { is: "loading" },
  pending: undefined,
  settings: [],
  takenIn: NOTHING_TAKEN_IN,
});

export const problemOf = ({ outcome }: IntegrationState): Problem | undefined =>
  outcome.is === "failed" || outcome.is === "clashing" ? outcome.problem : undefined;

/** The status of the version on the disk. "quarantined": it does not work, but an earlier version may still be live. */
export type IntegrationStatus = "loading" | "ready" | "quarantined" | "disabled" | "pending_approval";

export function statusOf(state: IntegrationState, enabled: boolean): IntegrationStatus {
  if (!enabled) return "disabled";
  if (state.pending) return "pending_approval";
  if (problemOf(state)) return "quarantined";
  return state.live ? "ready" : "loading";
}

/** Whether the integration answers requests, and if not, why. */
export type ServingStatus = "live" | "quarantined" | "pending" | "disabled";

export function servingStatusOf({ live, pending }: IntegrationState, enabled: boolean): ServingStatus {
  if (!enabled) return "disabled";
  if (live) return "live";
  return pending ? "pending" : "quarantined";
}
