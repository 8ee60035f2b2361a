// What an approval is about, for people to read: what has changed since the version that went live last.

import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { createTwoFilesPatch } from "diff";
import { type Closure, sha256 } from "./closure.ts";
import type { Version } from "./versions.ts";

export interface Change {
  /** Below the workspace, with slashes. */
  path: string;
  kind: "added" | "changed" | "removed";
  /** Whether a bot wrote it as it is, and nobody approved that. */
  isWaiting: boolean;
  /** A unified diff of the texts, whole; null for what is no text. */
  diff: string | null;
}

/** Comparing takes time by the number of differing lines; beyond it all of the old is shown as gone, all of the new as come. */
const MOST_EDITS = 500;

/** `before` is undefined when no version was live yet: then all is new. */
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

/** Undefined when it is another by now. */
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
