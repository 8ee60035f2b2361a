// What the rules examine: an integration's files, and what it registered when it was loaded without a server.

import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FoundIntegration } from "../../integrations/discovery/discover.ts";
import type { LoadedIntegration } from "../../integrations/loading/load.ts";
import type { Problem } from "../../runtime/bundle.ts";
import type { Found } from "./finding.ts";

export interface SourceFile {
  /** Relative to the folder. */
  path: string;
  kind: "code" | "test" | "text";
  text: string;
}

export interface CheckedIntegration extends FoundIntegration {
  /** What it may read beside its folder, if that was found out before: confined code cannot list what is beside it. */
  shared?: string[];
}

export interface Subject {
  found: CheckedIntegration;
  files: SourceFile[];
  /** Undefined when it did not load; `problem` then has the reason. */
  loaded: LoadedIntegration | undefined;
  problem: Problem | undefined;
  /** Calls that its files made while they loaded, such as "fetch" or "injectMessage". */
  callsAtLoad: string[];
  /** Everything that was injected since it loaded. */
  injected: object[];
}

/** Larger files are data. */
const MAX_BYTES = 512 * 1024;
const CODE = /\.([cm]?[jt]s|[jt]sx)$/;
const TEST = /(^|\/)(tests?|__tests__)\/|[._](test|spec)\.[cm]?[jt]sx?$/;
const TEXT = /\.(md|ya?ml|json|jsonc|toml|txt|env|example|sh)$/;

/** The files that an author writes, without installed, hidden and generated ones. */
export async function readSources(folder: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const add = async (prefix: string): Promise<void> => {
    for (const entry of await list(join(folder, prefix))) {
      const path = prefix + entry.name;
      if (entry.name.startsWith(".") || entry.name === "node_modules" || entry.name === "bun.lock") continue;
      if (entry.isDirectory()) await add(`${path}/`);
      else if (CODE.test(path) || TEXT.test(path)) {
        const size = (await stat(join(folder, path)).catch(() => undefined))?.size ?? MAX_BYTES;
        if (size >= MAX_BYTES) continue;
        const kind = !CODE.test(path) ? "text" : TEST.test(path) ? "test" : "code";
        files.push({ path, kind, text: await readFile(join(folder, path), "utf8") });
      }
    }
  };
  await add("");
  return files;
}

const list = async (folder: string): Promise<Dirent[]> =>
  (await readdir(folder, { withFileTypes: true }).catch(() => [])).sort((a, b) => (a.name < b.name ? -1 : 1));

export const codeOf = ({ files }: Subject): SourceFile[] => files.filter(({ kind }) => kind === "code");

/** Every match of the expression, which has the flag g. */
export function occurrences(
  file: SourceFile,
  expression: RegExp,
): { file: string; line: number; match: RegExpExecArray }[] {
  return [...file.text.matchAll(expression)].map((match) => ({
    file: file.path,
    line: lineAt(file.text, match.index),
    match,
  }));
}

/** Strings stay: the path "/files/*" begins no comment. */
const COMMENT_OR_STRING =
  /\/\*.*?(?:\*\/|$)|(?<!\\)\/\/[^\n]*|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?/gs;

/** Replaces comments, and strings if wanted, by spaces, so that every place keeps its index and line. */
export const withoutComments = (text: string, { strings = false } = {}): string =>
  text.replace(COMMENT_OR_STRING, (found) =>
    strings || found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found,
  );

/** The first place of the word, looked for in the files of these names before all others. */
export function locationOf(
  { files }: Subject,
  word: string,
  ...first: (string | undefined)[]
): Pick<Found, "file" | "line"> {
  const rank = ({ path, kind }: SourceFile) => (first.includes(path) ? 0 : kind === "code" ? 1 : 2);
  for (const { path, text } of [...files].sort((a, b) => rank(a) - rank(b))) {
    const index = text.indexOf(word);
    if (index >= 0) return { file: path, line: lineAt(text, index) };
  }
  return {};
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;
