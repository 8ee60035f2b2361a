// `heddle unit`: the files that a systemd machine needs besides the binary, which is often all that was copied there.

import { readTree } from "../runtime/assets.ts";

const FILES = { unit: "deploy/heddle.service", environment: "deploy/heddle.env.example" } as const;

/** Returns the text of a file in manifests/deploy, ending with a line break. */
export async function deployFile(which: keyof typeof FILES): Promise<string> {
  const text = (await readTree("manifests")).get(FILES[which]);
  if (text === undefined) throw new Error(`manifests/${FILES[which]} is missing from this build.`);
  return text;
}
