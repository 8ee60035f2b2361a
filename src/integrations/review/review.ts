// Keeps code that a bot wrote from being loaded before a person has approved it. All that an integration is made of is
// read once (closure.ts); these bytes are looked at, shown, hashed, and, as a copy (versions.ts), loaded. A write of a bot
// is recorded before its file is there, so what was read is known for a bot's, whenever it was read.

import { openAsBlob } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { relative, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import { MAX_FILE_BYTES } from "../../workspace/workspace.ts";
import type { BotWrite, WorkspaceWrites } from "../../workspace/writes.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import { type Change, changesBetween } from "./changes.ts";
import { type Closure, hashOf, readClosure, sha256 } from "./closure.ts";
import { isPackageIn } from "./gate.ts";
import { createVersions, type Version } from "./versions.ts";

/** What is known of the writes of bots. */
export type BotWrites = Pick<WorkspaceWrites, "unapproved" | "approve">;

/** A version that waits for a person. */
export interface PendingApproval {
  /** Of what the integration is made of now; an approval names it. */
  hash: string;
  /** As bots wrote them. */
  files: BotWrite[];
}

/** Of an integration, before it is loaded. */
export interface Look {
  pending: PendingApproval | null;
  closure: Closure;
  /** What differs from the version that went live last. */
  changes(): Promise<Change[]>;
  /** What to load instead of the folder; undefined for an integration that is not of the workspace. */
  version(): Promise<Version | undefined>;
  /**
   * The bytes that were looked at of a file that something else takes in from the workspace; undefined for a file
   * elsewhere. Throws for one that is no part of what was looked at.
   */
  read(path: string): Promise<Buffer | undefined>;
}

export interface Review {
  look(found: Pick<FoundIntegration, "id" | "folder">): Promise<Look>;
  /** The version that went live last, which may go on while something waits. */
  lastLive(found: Pick<FoundIntegration, "id" | "folder">): Promise<Version | undefined>;
  /** A version went live. */
  keep(id: string, version: Version): Promise<void>;
  /** An integration is gone. */
  forget(id: string): Promise<void>;
  approve(pending: PendingApproval): Promise<void>;
  /** A file to show to people, whose browsers run it; undefined for one that a bot wrote and nobody approved. */
  open(file: string): Promise<Blob | undefined>;
  /** The workspace; absolute real path. Undefined where no bot writes. */
  readonly workspace: string | undefined;
}

/** Where no bot writes all may be loaded. */
export const noReview: Review = {
  workspace: undefined,
  look: async ({ folder }) => ({
    pending: null,
    closure: await readClosure({ folder }),
    changes: async () => [],
    version: async () => undefined,
    read: async () => undefined,
  }),
  lastLive: async () => undefined,
  keep: async () => {},
  forget: async () => {},
  approve: async () => {},
  open: openAsBlob,
};

export interface ReviewOptions {
  /** The workspace; real path. */
  dir: string;
  /** Where versions are kept; made when it is needed. No bot can write there. */
  keptIn: string;
  writes: BotWrites;
}

export function createReview({ dir, keptIn, writes }: ReviewOptions): Review {
  const inWorkspace = (path: string) => relative(dir, path).split(sep).join("/");
  const isInWorkspace = (path: string) => path.startsWith(dir + sep);
  const versions = createVersions({ dir: keptIn, workspace: dir });

  const lastLive: Review["lastLive"] = async ({ id, folder }) =>
    isInWorkspace(folder) ? versions.last(id, folder) : undefined;

  return {
    workspace: dir,
    async look(found) {
      const { id, folder } = found;
      const closure = await readClosure({ folder, workspace: dir });
      const all = [...closure.files].flatMap(([path, { sha256 }]) =>
        isInWorkspace(path) ? [{ path: inWorkspace(path), sha256 }] : [],
      );
      const unapproved = await writes.unapproved(all);
      // Data that wait count, too: whoever approves has seen them.
      const salt = unapproved.map(({ path, sha256 }) => `${path} ${sha256}`).join("\n");
      const hash = hashOf(closure, salt);
      return {
        closure,
        pending: unapproved.length > 0 ? { hash, files: unapproved } : null,
        async changes() {
          const waiting = new Set(unapproved.map(({ path }) => path));
          return changesBetween(await lastLive(found), closure, { workspace: dir, waiting });
        },
        version: async () => (isInWorkspace(folder) ? versions.take(id, closure) : undefined),
        async read(path) {
          const real = await realpath(path);
          if (!isInWorkspace(real) || isPackageIn(dir, real)) return undefined;
          const bytes = closure.files.get(real)?.bytes;
          if (bytes) return bytes;
          throw new HeddleError(
            "conflict",
            `${inWorkspace(real)} is no part of what was looked at: name it in an import by its relative path.`,
          );
        },
      };
    },
    lastLive,
    keep: versions.keep,
    forget: versions.forget,
    approve: ({ files }) => writes.approve(files),
    async open(file) {
      if (!isInWorkspace(file) || (await stat(file)).size > MAX_FILE_BYTES) return openAsBlob(file);
      const bytes = await readFile(file);
      const waiting = await writes.unapproved([{ path: inWorkspace(file), sha256: sha256(bytes) }]);
      return waiting.length === 0 ? new Blob([bytes]) : undefined;
    },
  };
}
