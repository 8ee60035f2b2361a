import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

const LARGEST = 1_000_000;

/** The README.md of an integration's folder; undefined if it is absent or a link out of the folder. */
export async function readReadme(folder: string): Promise<string | undefined> {
  try {
    const path = await realpath(join(folder, "README.md"));
    if (!path.startsWith(folder + sep)) return undefined;
    const { size } = await stat(path);
    return size > LARGEST ? undefined : await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

const LONGEST = 300;

/** The first paragraph of a README.md on one line, without the heading; null if there is none. */
export function firstParagraph(readme: string | undefined): string | null {
  const lines: string[] = [];
  for (const line of (readme ?? "").slice(0, 10 * LONGEST).split("\n")) {
    const text = line.trim();
    if (text === "" && lines.length > 0) break;
    if (text !== "" && !text.startsWith("#")) lines.push(text);
  }
  const text = lines.join(" ").replaceAll(/[`*_]/g, "");
  if (text === "") return null;
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
