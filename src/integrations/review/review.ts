// Prevents code written by a bot from being loaded before a person has approved it. The whole closure of an integration is
// read once (closure.ts); exactly those bytes are reviewed, shown, hashed, and loaded as a copy (versions.ts). A bot's
// write is recorded before the file exists, so its content is always recognised.

import { openAsBlob } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { relative, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import { MAX_FILE_BYTES } from "../../workspace/workspace.ts";
import type { BotWrite, WorkspaceWrites } from "../../workspace/writes.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import { type Change, changesBetween } from "./changes.ts";
import { type Closure, hashOf, readClosure, sha256 } from "./closure.ts";
import { readSettled } from "./read-settled.ts";
import { isPackageIn } from "./readable-files.ts";
import { createVersions, type Version } from "./versions.ts";

/** The record of writes by bots. */
export type BotWrites = Pick<WorkspaceWrites, "unapproved" | "approve">;

/** A version that waits for approval. */
export interface PendingApproval {
  /** The hash of the current closure; an approval names it. */
  hash: string;
  /** Files with content that bots wrote. */
  files: BotWrite[];
}

/** A snapshot of an integration before it is loaded. */
export interface Snapshot {
  pending: PendingApproval | null;
  closure: Closure;
  /** The changes since the last live version. */
  changes(): Promise<Change[]>;
  /** The copy to load instead of the folder; undefined for an integration outside the workspace. */
  version(): Promise<Version | undefined>;
  /**
   * The reviewed bytes of a file in the workspace that another integration imports; undefined for a file elsewhere.
   * Throws for a file that was not reviewed.
   */
  read(path: string): Promise<Buffer | undefined>;
}

export interface Review {
  snapshot(found: Pick<FoundIntegration, "id" | "folder">): Promise<Snapshot>;
  /** The last live version, which may continue to run while another one waits. */
  lastLive(found: Pick<FoundIntegration, "id" | "folder">): Promise<Version | undefined>;
  /** Keeps a version that went live. */
  keep(id: string, version: Version): Promise<void>;
  /** Forgets an integration that was removed. */
  forget(id: string): Promise<void>;
  approve(pending: PendingApproval): Promise<void>;
  /** A file to serve to browsers, which may run it; undefined for one that a bot wrote and nobody approved. */
  open(file: string): Promise<Blob | undefined>;
  /** Absolute real path of the workspace; undefined where bots cannot write. */
  readonly workspace: string | undefined;
}

/** For servers where bots cannot write: everything may be loaded. */
export const noReview: Review = {
  workspace: undefined,
  snapshot: async ({ folder }) => ({
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
  /** Real path of the workspace. */
  dir: string;
  /** The folder for versions, created when needed. No bot can write there. */
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
    async snapshot(found) {
      const { id, folder } = found;
      const closure = await readClosure({ folder, workspace: dir });
      const all = [...closure.files].flatMap(([path, { sha256 }]) =>
        isInWorkspace(path) ? [{ path: inWorkspace(path), sha256 }] : [],
      );
      const unapproved = await writes.unapproved(all);
      // Waiting data files count as well: whoever approves has seen them.
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
            `${inWorkspace(real)} is not part of the reviewed files: import it by a relative path.`,
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
      const bytes = await readSettled(file);
      if (!bytes) return undefined;
      const waiting = await writes.unapproved([{ path: inWorkspace(file), sha256: sha256(bytes) }]);
      return waiting.length === 0 ? new Blob([bytes]) : undefined;
    },
  };
}
