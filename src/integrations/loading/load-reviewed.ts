// Loads an integration from exactly the reviewed files: one of the workspace from a copy, any other from its folder, with
// its imports from the workspace as they were reviewed.

import { readFile } from "node:fs/promises";
import { sep } from "node:path";
import type { Gate } from "../../runtime/bundle.ts";
import { NOTHING_TAKEN_IN } from "../../runtime/taken-in.ts";
import { discoverInCopy, type FoundIntegration } from "../discovery/discover.ts";
import type { Closure } from "../review/closure.ts";
import { gateOfCopy } from "../review/readable-files.ts";
import type { Snapshot } from "../review/review.ts";
import type { Version } from "../review/versions.ts";
import { type LoadOptions, type LoadResult, loadIntegration } from "./load.ts";
import { type PrepareOptions, prepare } from "./prepare.ts";
import { programOf } from "./program.ts";

export interface Reviewed {
  /** The hash of everything that is loaded, and of the version of Heddle that loads it. */
  hash: string;
  /** The copy to load instead of the folder. */
  version: Version | undefined;
  /** Undefined for a version of which only the copy exists. */
  snapshot: Pick<Snapshot, "closure" | "read"> | undefined;
}

export interface LoadReviewedOptions
  extends Pick<LoadOptions, "inTurn" | "services" | "log" | "timeoutMs">,
    Omit<PrepareOptions, "gate"> {
  /** Absolute real path; undefined where bots cannot write. */
  workspace: string | undefined;
}

/** Never rejects because of the integration's code. */
export async function loadReviewed(
  found: FoundIntegration,
  reviewed: Reviewed,
  options: LoadReviewedOptions,
): Promise<LoadResult> {
  const { hash, version, snapshot } = reviewed;
  const { workspace, cacheDir, inUse, isFresh, before, version: heddle, ...loading } = options;
  const from = version ? await discoverInCopy(found, version.folder) : found;
  if (!("id" in from))
    return {
      ok: false,
      problem: { reason: from.reason, file: found.folder },
      settings: [],
      takenIn: NOTHING_TAKEN_IN,
    };
  const gate = workspace === undefined ? undefined : gateOf(found, reviewed, workspace);
  const { folder, readFrom } = from;
  return loadIntegration(from, {
    ...loading,
    hash,
    prepare: () => prepare(from, hash, { cacheDir, inUse, version: heddle, gate, isFresh, before }),
    programOf: (cmd, dir) =>
      programOf(cmd, { folder, readFrom, workspace, gate, closure: snapshot?.closure, hash, dir }),
    readFile: async (file) =>
      readFrom === undefined
        ? ((await snapshot?.read(file)) ?? readFile(file))
        : readFile(readFrom + file.slice(folder.length)),
  });
}

function gateOf(
  { folder }: FoundIntegration,
  { version, snapshot }: Reviewed,
  workspace: string,
): Gate | undefined {
  if (version) return gateOfCopy(version, { workspace, folder });
  return snapshot && { macros: !takesIn(snapshot.closure, workspace), read: snapshot.read };
}

const takesIn = ({ files }: Closure, workspace: string): boolean =>
  [...files.keys()].some((path) => path.startsWith(workspace + sep));
