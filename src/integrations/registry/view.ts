// What everybody else sees of an integration.

import type { Problem } from "../../runtime/bundle.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import type { HookEvent, IntegrationMeta } from "../../sdk/types.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { ProcessDeclaration } from "../loading/load.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import type { PendingApproval } from "../review/review.ts";
import { type IntegrationState, type IntegrationStatus, problemOf, statusOf } from "./state.ts";

export interface IntegrationView {
  id: string;
  name: string;
  source: FoundIntegration["source"];
  folder: string;
  /** Of what is on the disk; `isLive` says whether an earlier version still answers. */
  status: IntegrationStatus;
  /** Of "pending_approval": what a bot wrote and a person has to approve. A version that was live before stays live. */
  pending: PendingApproval | null;
  /** A disabled one is not loaded: of it only what its folder shows is known. */
  enabled: boolean;
  isLive: boolean;
  version: string | null;
  error: Problem | null;
  hasRouter: boolean;
  /** Names, of the live version. */
  tools: string[];
  dispatchers: string[];
  /** The events that its hooks hear of. */
  hooks: HookEvent[];
  /** Ids, of the live version. */
  skills: string[];
  carapaces: string[];
  templates: string[];
  meta: IntegrationMeta | null;
  setup: SetupManifest | null;
  /** Of config.ts and the manifest, of the live version; without one, what the last load has heard of. */
  settings: IntegrationSetting[];
  process: ProcessDeclaration | null;
}

export function viewOf(state: IntegrationState, enabled: boolean): IntegrationView {
  const { found, live, pending, settings } = state;
  const { id, source, folder } = found;
  return {
    id,
    name: live?.name ?? titleOf(id),
    source,
    folder,
    status: statusOf(state, enabled),
    enabled,
    pending: pending ?? null,
    isLive: live !== undefined,
    version: live?.version ?? null,
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
  };
}

/** "my_github" → "My Github". */
const titleOf = (id: string): string =>
  id.replace(/[_-]+/g, " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
