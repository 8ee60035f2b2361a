// Finds the npm packages that an integration's folder needs, and whether its code would find them.

import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { IntegrationView } from "./view.ts";

export interface Dependency {
  package: string;
  installed: boolean;
}

/**
 * The packages of the manifest and of the folder's package.json. Those of Heddle's own integrations are bundled, so they
 * count as installed. Never rejects.
 */
export async function dependenciesOf({
  folder,
  source,
  setup,
}: Pick<IntegrationView, "folder" | "source" | "setup">): Promise<Dependency[]> {
  const declared = (setup?.dependencies ?? []).map((dependency) => dependency.package);
  const names = [...new Set([...declared, ...(await packageJsonNames(folder))])];
  return Promise.all(
    names.map(async (name) => ({
      package: name,
      installed: source === "builtin" || (await isInstalled(name, folder)),
    })),
  );
}

async function packageJsonNames(folder: string): Promise<string[]> {
  try {
    const { dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    return typeof dependencies === "object" && dependencies !== null ? Object.keys(dependencies) : [];
  } catch {
    // package.json is absent or unreadable; `heddle install` reports that.
    return [];
  }
}

/** Searches the folder and the folders above it, as module resolution does. */
async function isInstalled(name: string, folder: string): Promise<boolean> {
  const exists = await stat(join(folder, "node_modules", name)).then(
    () => true,
    () => false,
  );
  if (exists) return true;
  const above = dirname(folder);
  return above !== folder && isInstalled(name, above);
}
