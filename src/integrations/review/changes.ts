// Describes for people what an approval is about: the changes since the last live version.

import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { createTwoFilesPatch } from "diff";
import { type Closure, sha256 } from "./closure.ts";
import type { Version } from "./versions.ts";

export interface Change {
  /** Relative to the workspace, with slashes. */
  path: string;
  kind: "added" | "changed" | "removed";
  /** Whether a bot wrote this content and nobody has approved it. */
  isWaiting: boolean;
  /** A complete unified diff; null for binary files. */
  diff: string | null;
}

/** The time of a comparison grows with the number of differing lines; beyond this, the whole old text is shown as removed and the whole new one as added. */
const MOST_EDITS = 500;

/** `before` is undefined when no version has been live yet; then every file is new. */
export async function changesBetween(
  before: Version | undefined,
  closure: Closure,
  { workspace, waiting }: { workspace: string; waiting: ReadonlySet<string> },
): Promise<Change[]> {
  const old = new Map(before?.files.map(({ path, sha256 }) => [path, sha256]));
  const changes: Change[] = [];
  for (const [file, now] of closure.files) {
    const path = relative(workspace, file).split(sep).join("/");
    const was = old.get(path);
    old.delete(path);
    const isWaiting = waiting.has(path);
    if (was === now.sha256 || !(now.bytes || isWaiting)) continue;
    const fresh = now.bytes ?? (await readAs(file, now.sha256));
    const earlier = before && was !== undefined ? await readFile(join(before.root, path)) : undefined;
    const kind = was === undefined ? "added" : "changed";
    changes.push({ path, kind, isWaiting, diff: fresh ? diffOf(path, earlier, fresh) : null });
  }
  for (const path of old.keys()) {
    const earlier = before && (await readFile(join(before.root, path)));
    changes.push({ path, kind: "removed", isWaiting: false, diff: diffOf(path, earlier, undefined) });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads a file; undefined when its content has changed since. */
async function readAs(file: string, hash: string): Promise<Buffer | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && sha256(bytes) === hash ? bytes : undefined;
}

function diffOf(path: string, before: Buffer | undefined, after: Buffer | undefined): string | null {
  const [old, fresh] = [textOf(before), textOf(after)];
  if (old === undefined || fresh === undefined) return null;
  const names = [before ? `a/${path}` : "/dev/null", after ? `b/${path}` : "/dev/null"] as const;
  const patch =
    before && after
      ? createTwoFilesPatch(...names, old, fresh, undefined, undefined, { maxEditLength: MOST_EDITS })
      : undefined;
  return patch ?? `--- ${names[0]}\n+++ ${names[1]}\n${marked("-", old)}${marked("+", fresh)}`;
}

const marked = (sign: string, text: string): string =>
  text === ""
    ? ""
    : `${text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => sign + line)
        .join("\n")}\n`;

function textOf(bytes: Buffer | undefined): string | undefined {
  if (!bytes) return "";
  return bytes.includes(0) ? undefined : bytes.toString("utf8");
}
