// The view of an integration for the rest of the server.

import type { Problem } from "../../runtime/bundle.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import type { HookEvent, IntegrationMeta } from "../../sdk/types.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { LoadedIntegration, ProcessDeclaration } from "../loading/load.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import { iconOf } from "../manifest/manifest-parts.ts";
import type { PendingApproval } from "../review/review.ts";
import type { IntegrationFace } from "../settings/states.ts";
import { type IntegrationState, type IntegrationStatus, problemOf, statusOf } from "./state.ts";

export interface IntegrationView {
  id: string;
  name: string;
  source: FoundIntegration["source"];
  folder: string;
  /** The status of the version on the disk; `isLive` says whether an earlier version still answers. */
  status: IntegrationStatus;
  /** For "pending_approval": the files of a bot that a person has to approve. An earlier version stays live. */
  pending: PendingApproval | null;
  /** A disabled integration is not loaded, so only the facts of its folder and what it was last shown as are known. */
  enabled: boolean;
  isLive: boolean;
  version: string | null;
  /** The name of its icon. */
  icon: string;
  error: Problem | null;
  hasRouter: boolean;
  /** Names of the live version. */
  tools: string[];
  dispatchers: string[];
  /** The events that its hooks listen to. */
  hooks: HookEvent[];
  /** Ids of the live version. */
  skills: string[];
  carapaces: string[];
  templates: string[];
  meta: IntegrationMeta | null;
  setup: SetupManifest | null;
  /** The declared settings of the live version; without one, those that the last load declared. */
  settings: IntegrationSetting[];
  process: ProcessDeclaration | null;
  /** Names of its accounts at services. */
  accounts: string[];
}

export function viewOf(
  state: IntegrationState,
  { enabled, face }: { enabled: boolean; face: IntegrationFace | null },
): IntegrationView {
  const { found, live, pending, settings } = state;
  const { id, source, folder } = found;
  const known = live ? faceOf(id, live) : face;
  return {
    id,
    name: known?.name ?? titleOf(id),
    source,
    folder,
    status: statusOf(state, enabled),
    enabled,
    pending: pending ?? null,
    isLive: live !== undefined,
    version: known?.version ?? null,
    icon: known?.icon ?? iconOf(null),
    error: problemOf(state) ?? null,
    hasRouter: live?.router !== undefined,
    tools: live?.tools.map(({ name }) => name) ?? [],
    dispatchers: [...(live?.dispatchers.keys() ?? [])],
    hooks: [...new Set(live?.hooks.map(({ event }) => event))],
    skills: live?.skills.map(({ id }) => id) ?? [],
    carapaces: live?.carapaces.map(({ id }) => id) ?? [],
    templates: live?.templates.map(({ id }) => id) ?? [],
    meta: live?.meta ?? null,
    setup: live?.setup ?? null,
    settings: live?.settings ?? settings,
    process: live?.process ?? null,
    accounts: live?.accounts.map(({ name }) => name) ?? [],
  };
}

const faceOf = (id: string, { name, version, setup }: LoadedIntegration): IntegrationFace => ({
  name: name ?? titleOf(id),
  version: version ?? null,
  icon: iconOf(setup ?? null),
});

/** What to store when it is enabled or disabled: while it is disabled, it is shown as it was. */
export const enabling = (
  view: IntegrationView,
  enabled: boolean,
): { enabled: boolean; face?: IntegrationFace } => {
  const { name, version, icon } = view;
  return { enabled, ...(view.isLive && !enabled && { face: { name, version, icon } }) };
};

/** "my_github" → "My Github". */
const titleOf = (id: string): string =>
  id.replace(/[_-]+/g, " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
