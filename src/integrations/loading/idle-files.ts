// Files of an integration that register nothing when they load. Nothing else would show that: the integration is live, and does less.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FoundIntegration } from "../discovery/discover.ts";

/** By the stem of the file, or "tools": what it should call, and words which show that it may do so under some condition. */
const CALLS: Record<string, { missing: string; words: RegExp }> = {
  tools: { missing: "no tool: call register(), or begin the name of a helper with _", words: /\bregister\b/ },
  dispatcher: { missing: "no dispatcher: call registerDispatcher()", words: /\bregisterDispatcher\b/ },
  hooks: {
    missing: "nothing: call registerHook(), registerIntegration(), onEnabled() or onSettingsChanged()",
    words: /\b(registerHook|registerIntegration|onEnabled|onSettingsChanged)\b/,
  },
  listeners: { missing: "no listener: call listen() or poll()", words: /\b(listen|poll)\b/ },
};

/** Sentences about those of the files (relative to the folder) that never register anything. */
export async function idleTexts(found: FoundIntegration, files: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(
    files.map(async (file) => {
      const call = CALLS[file.startsWith("tools/") ? "tools" : basename(file).replace(/\.[^.]+$/, "")];
      // A prebuilt integration has no sources.
      const source = await readFile(join(found.readFrom ?? found.folder, file), "utf8").catch(
        () => undefined,
      );
      if (!call || source === undefined || call.words.test(source)) return [];
      return [`${file} registers ${call.missing}`];
    }),
  );
  return texts.flat();
}
