import { join } from "node:path";
import { builtinDir } from "../../runtime/assets.ts";
import type { IntegrationSource } from "./discover.ts";

export interface SourcesOptions {
  /** Where the compiled program unpacks what it brings along. */
  home: string;
  workspace: string;
  toolDirs: readonly string[];
  integrationDirs: readonly string[];
}

/** Where integrations are looked for, in order: a later one replaces those of an earlier one. */
export async function integrationSources(options: SourcesOptions): Promise<IntegrationSource[]> {
  const { home, workspace, toolDirs, integrationDirs } = options;
  return [
    {
      kind: "builtin",
      dir: await builtinDir("integrations", home),
      prebuilt: await builtinDir("prebuilt", home),
    },
    ...toolDirs.map((dir) => ({ kind: "tools" as const, dir })),
    { kind: "workspace", dir: join(workspace, "integrations") },
    ...integrationDirs.map((dir) => ({ kind: "external" as const, dir })),
  ];
}
