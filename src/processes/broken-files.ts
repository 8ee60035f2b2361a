// Finds out whether the files of a process are broken as they are now: a broken save must not replace a program that works.

import { resolve } from "node:path";
import type { IntegrationView } from "../integrations/registry/view.ts";
import { syntaxProblem } from "../runtime/syntax.ts";

type Files = Pick<IntegrationView, "error" | "folder"> & {
  process: { program: { command: string[] } };
};

/** Returns what is wrong with the files; undefined if the program can be started. */
export async function brokenFiles({
  error,
  folder,
  process: { program },
}: Files): Promise<string | undefined> {
  if (error) return `the integration cannot be loaded (${error.reason})`;
  for (const part of program.command.slice(1)) {
    const reason = await syntaxProblem(resolve(folder, part));
    if (reason) return `${part} cannot be parsed (${reason})`;
  }
  return undefined;
}
