// Keeps code that a bot wrote from being loaded before a person has approved it. What is loaded is just what was
// looked at: each file once more when the bundler reads it, all of them again afterwards, and a write of a bot in
// between shows even if it was undone, because it is recorded before the file is there.

import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { HeddleError } from "../errors.ts";
import { MAX_FILE_BYTES } from "../workspace/workspace.ts";
import type { BotWrite, WorkspaceFile, WorkspaceWrites } from "../workspace/writes.ts";

/** What is known of the writes of bots. */
export type BotWrites = Pick<WorkspaceWrites, "unapproved" | "lastWrite" | "approve">;

/** A version that waits for a person. */
export interface PendingApproval {
  /** Of what the integration is made of now; an approval names it. */
  hash: string;
  /** As bots wrote them. */
  files: BotWrite[];
}

/** Of an integration's folder, before it is loaded. */
export interface Look {
  pending: PendingApproval | null;
  /** Absolute: the bundler shows files below it to `admit` before it reads them. */
  below: string;
  /** Rejects when the file is not as it was looked at, or may not be loaded. */
  admit(path: string): Promise<void>;
  /** Whether all is as it was looked at. */
  settle(): Promise<"holds" | "changed" | PendingApproval>;
}

export interface Review {
  look(folder: string): Promise<Look>;
  approve(pending: PendingApproval): Promise<void>;
  /** A file to show to people, whose browsers run it; undefined for one that a bot wrote and nobody approved. */
  open(file: string): Promise<Blob | undefined>;
}

/** What the bundler takes as code, or as its settings. Other files may be data, which changes while it runs. */
const CODE = /\.([cm]?[jt]sx?|jsonc?|json5|toml|ya?ml|md|txt|html|css|sql|wasm|sh|py|lock)$/;
const SCRIPT = /\.[cm]?[jt]sx?$/;
/** Code that runs while it is bundled, before anything can be checked. */
const MACRO = /\b(with|assert)\s*\{[^}]*macro[^}]*\}|["']macro:/;

interface Seen extends WorkspaceFile {
  /** Whether its change is a change of the integration's code. */
  isCode: boolean;
}

export interface ReviewOptions {
  /** The workspace; real path. */
  dir: string;
  writes: BotWrites;
}

export function createReview({ dir, writes }: ReviewOptions): Review {
  const inWorkspace = (path: string) => relative(dir, path).split(sep).join("/");
  const isInWorkspace = (path: string) => path.startsWith(dir + sep);

  async function look(folder: string, outside: ReadonlyMap<string, Outside> = new Map()) {
    // Before the files are read: what is written after this shows in the next look.
    const lastWrite = isInWorkspace(folder) ? await writes.lastWrite(inWorkspace(folder)) : "";
    const files = isInWorkspace(folder) ? await filesOf(folder) : new Map<string, Seen>();
    for (const path of outside.keys()) files.set(path, await seen(path));
    // After: a bot's write is recorded before its file can be seen.
    const unapproved = await writes.unapproved([...files.values()]);
    const waiting = new Set(unapproved.map(({ path }) => path));
    const hash = sha256(
      [...files.values()]
        .filter(({ path, isCode }) => isCode || waiting.has(path))
        .map(({ path, sha256 }) => `${path} ${sha256}`)
        .sort()
        .join("\n"),
    );
    return { files, lastWrite, hash, pending: unapproved.length > 0 ? { hash, files: unapproved } : null };
  }

  /** Files that installed packages consist of, and hidden ones, bots cannot write. */
  async function filesOf(folder: string, files = new Map<string, Seen>()): Promise<Map<string, Seen>> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        await filesOf(path, files);
        continue;
      }
      const found = await stat(path).catch(() => undefined);
      // A bot's files are smaller, so a larger one is the operator's.
      if (!found?.isFile() || found.size > MAX_FILE_BYTES) continue;
      // A link counts as the file that it leads to.
      const real = entry.isSymbolicLink() ? await realpath(path) : path;
      files.set(path, await seen(real));
    }
    return files;
  }

  async function seen(path: string): Promise<Seen> {
    const digest = sha256(await readFile(path));
    return { path: isInWorkspace(path) ? inWorkspace(path) : path, sha256: digest, isCode: CODE.test(path) };
  }

  return {
    async look(folder) {
      const first = await look(folder);
      const outside = new Map<string, Outside>();
      return {
        pending: first.pending,
        below: dir,
        async admit(path) {
          const text = SCRIPT.test(path) ? await readFile(path, "utf8") : "";
          if (MACRO.test(text))
            throw new HeddleError("validation", "Macros cannot be used in files of the workspace.");
          const known = first.files.get(path);
          const found = {
            lastWrite: await writes.lastWrite(inWorkspace(dirname(path))),
            ...(await seen(path)),
          };
          if (known ? known.sha256 === found.sha256 : (await writes.unapproved([found])).length === 0) {
            if (!known) outside.set(path, found);
            return;
          }
          outside.set(path, found);
          throw new HeddleError("conflict", `${found.path} waits for approval, or has just changed.`);
        },
        async settle() {
          const now = await look(folder, outside);
          if (now.pending) return now.pending;
          const same = now.lastWrite === first.lastWrite && sameCode(first.files, now.files, outside);
          return same && (await areUnwritten(outside)) ? "holds" : "changed";
        },
      };
    },
    approve: ({ files }) => writes.approve(files),
    async open(file) {
      if (!isInWorkspace(file) || (await stat(file)).size > MAX_FILE_BYTES) return openAsBlob(file);
      const bytes = await readFile(file);
      const waiting = await writes.unapproved([{ path: inWorkspace(file), sha256: sha256(bytes) }]);
      return waiting.length === 0 ? new Blob([bytes]) : undefined;
    },
  };

  async function areUnwritten(outside: ReadonlyMap<string, Outside>): Promise<boolean> {
    for (const [path, { lastWrite }] of outside)
      if ((await writes.lastWrite(inWorkspace(dirname(path)))) !== lastWrite) return false;
    return true;
  }
}

/** A file of the workspace that the bundle takes in from outside the integration's folder. */
interface Outside extends Seen {
  lastWrite: string;
}

function sameCode(
  first: ReadonlyMap<string, Seen>,
  now: ReadonlyMap<string, Seen>,
  outside: ReadonlyMap<string, Outside>,
): boolean {
  const codeOf = (files: ReadonlyMap<string, Seen>) =>
    [...files].filter(([, { isCode }]) => isCode).map(([path, { sha256 }]) => `${path} ${sha256}`);
  const before = new Set(codeOf(new Map([...first, ...outside])));
  const after = codeOf(now);
  return before.size === after.length && after.every((file) => before.has(file));
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
