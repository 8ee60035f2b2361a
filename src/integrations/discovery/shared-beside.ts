import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

const SETTINGS = ["package.json", "tsconfig.json"];

/**
 * What an integration's programs may read beside its folder: folders in which integrations share code, whose names begin
 * with "_", and the settings of TypeScript and of the package, which apply to both.
 */
export async function sharedBeside(folder: string): Promise<string[]> {
  const beside = dirname(folder);
  const names = await readdir(beside).catch(() => []);
  return names
    .filter((name) => name.startsWith("_") || SETTINGS.includes(name))
    .map((name) => join(beside, name));
}
