// The files that `--attach` names, as the API takes them.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { errorMessage, HeddleError } from "../../errors.ts";

export interface SentFile {
  name: string;
  /** Base64. */
  data: string;
}

/** Throws `config` for a file that cannot be read. */
export async function readAttached(paths: readonly string[]): Promise<SentFile[]> {
  const files: SentFile[] = [];
  for (const path of paths) {
    try {
      files.push({ name: basename(path), data: await readFile(path, "base64") });
    } catch (cause) {
      throw new HeddleError("config", `--attach: ${path} cannot be read: ${errorMessage(cause)}`, { cause });
    }
  }
  return files;
}
