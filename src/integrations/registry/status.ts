import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import type { EffectiveSetting } from "../settings/effective-setting.ts";
import type { Dependency } from "./dependencies.ts";
import type { IntegrationView } from "./view.ts";

export const SETUP_STATUSES = [
  "ready",
  "partial",
  "not_configured",
  "disabled",
  "quarantined",
  "pending_approval",
  "loading",
] as const;

/**
 * How far the set-up of an integration is complete:
 * "ready" — it is live, and every required setting has a value;
 * "partial" — some required setting lacks a value, or an npm package is not installed;
 * "not_configured" — no required setting has a value;
 * "pending_approval" — a bot wrote the version on the disk, and nobody has approved it;
 * the others as in `IntegrationView.status`.
 */
export type SetupStatus = (typeof SETUP_STATUSES)[number];

export interface StatusFacts {
  view: Pick<IntegrationView, "status">;
  settings: IntegrationSetting[];
  effective: (setting: IntegrationSetting) => EffectiveSetting;
  dependencies: Pick<Dependency, "installed">[];
}

export function setupStatus({ view, settings, effective, dependencies }: StatusFacts): SetupStatus {
  if (view.status !== "ready") return view.status;
  const required = settings.filter((setting) => setting.required);
  const given = required.filter((setting) => effective(setting).value !== null);
  if (required.length > 0 && given.length === 0) return "not_configured";
  const isComplete = given.length === required.length && dependencies.every(({ installed }) => installed);
  return isComplete ? "ready" : "partial";
}
