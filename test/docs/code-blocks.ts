// Extracts a documentation page's code as a reader would copy it.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface CodeBlock {
  /** "ts", "sh", "json", … */
  language: string;
  text: string;
  /** The file that the block's first line names, as in `// mynotify/router.ts`; for Markdown, the fence names it. */
  file: string | undefined;
}

const FENCED = /^```(\w*)(?: (\S+))?\n(.*?)^```$/gms;
const FILE = /^(?:\/\/|#) ([\w./-]+\.(?:[jt]s|yaml))\n/;

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(FENCED)].map(([, language = "", named, text = ""]) => ({
    language,
    text,
    file: named ?? FILE.exec(text)?.[1],
  }));
}

/** Writes each block that names a file to that file. */
export async function writeFiles(blocks: CodeBlock[], folder: string): Promise<void> {
  for (const { file, text } of blocks) {
    if (file === undefined) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
}
