// All that is known of an integration. Every word that others hear about it is a pure function of this.

import type { Problem } from "../../runtime/bundle.ts";
import { NOTHING_TAKEN_IN, type TakenIn } from "../../runtime/taken-in.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { LoadedIntegration } from "../loading/load.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import type { PendingApproval } from "../review/review.ts";

/** How the last load ended. "clashing": it is loaded, but a name of its is another's; it goes live when that is free. */
export type Outcome =
  | { is: "loading" }
  | { is: "ok" }
  | { is: "failed"; problem: Problem }
  | { is: "clashing"; problem: Problem; loaded: LoadedIntegration };

export interface IntegrationState {
  found: FoundIntegration;
  /** The version that answers. It stays while a newer one fails, waits for approval or clashes. */
  live: LoadedIntegration | undefined;
  outcome: Outcome;
  /** What is on the disk now waits for a person's approval. */
  pending: PendingApproval | undefined;
  /** Of the last load, also of one that failed: what is missing may be a setting. */
  settings: IntegrationSetting[];
  /** What the last load took in from outside the folder. */
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

/** What is on the disk. "quarantined": it does not work, while an earlier version may still be live. */
export type IntegrationStatus = "loading" | "ready" | "quarantined" | "disabled" | "pending_approval";

export function statusOf(state: IntegrationState, enabled: boolean): IntegrationStatus {
  if (!enabled) return "disabled";
  if (state.pending) return "pending_approval";
  if (problemOf(state)) return "quarantined";
  return state.live ? "ready" : "loading";
}

/** Whether it answers requests, and if not, why. */
export type ServingStatus = "live" | "quarantined" | "pending" | "disabled";

export function servingStatusOf({ live, pending }: IntegrationState, enabled: boolean): ServingStatus {
  if (!enabled) return "disabled";
  if (live) return "live";
  return pending ? "pending" : "quarantined";
}
