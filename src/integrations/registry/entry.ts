// What the registry keeps of an integration from its first load until its folder is gone.

import type { Problem } from "../../runtime/bundle.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { LoadedIntegration } from "../loading/load.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import type { PendingApproval } from "../review/review.ts";
import type { Version } from "../review/versions.ts";
import type { Pace } from "./pace.ts";

/** What waits for a package that is being installed is tried again: nobody tells when the last file of it is there. */
export const FIRST_HEALING_MS = 250;

export interface Entry {
  found: FoundIntegration;
  /** Counts looks at the sources; only what the last one saw is loaded. */
  looks: number;
  /** Counts loads; only the last one begun goes live, so that a hanging one cannot hold up its repair. */
  generation: number;
  /** Of the sources that were loaded last, whether or not that went well. */
  triedHash: string | undefined;
  live: LoadedIntegration | undefined;
  /** The copy that was loaded last, of one of the workspace. */
  version: Version | undefined;
  /** Of the last load, even of one that failed: what is missing may be a setting. */
  settings: IntegrationSetting[];
  problem: Problem | undefined;
  /** What is on the disk now waits for approval. */
  pending: PendingApproval | undefined;
  /** Loaded, but a name of its is another's; goes live when that name is free. */
  waiting: LoadedIntegration | undefined;
  retired: LoadedIntegration[];
  /** How fast changes on the disk are taken up. */
  pace: Pace;
  /** A change that waits for its time. */
  slowed: ReturnType<typeof setTimeout> | undefined;
  healing: { timer: ReturnType<typeof setTimeout> | undefined; pauseMs: number };
}

export function createEntry(found: FoundIntegration, pace: Pace): Entry {
  return {
    found,
    looks: 0,
    generation: 0,
    triedHash: undefined,
    live: undefined,
    version: undefined,
    settings: [],
    problem: undefined,
    pending: undefined,
    waiting: undefined,
    retired: [],
    pace,
    slowed: undefined,
    healing: { timer: undefined, pauseMs: FIRST_HEALING_MS },
  };
}

/** Lets go of all its versions. */
export async function releaseEntry({ live, waiting, retired }: Entry): Promise<void> {
  await Promise.all([live, waiting, ...retired].map((version) => version?.release()));
}
