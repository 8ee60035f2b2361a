import { join } from "node:path";
import { builtinDir, readableDir } from "../../runtime/assets.ts";
import type { IntegrationSource } from "./discover.ts";

export interface SourcesOptions {
  /** The home folder, into which the compiled program unpacks its built-in integrations. */
  home: string;
  workspace: string;
  toolDirs: readonly string[];
  integrationDirs: readonly string[];
}

/** The directories that are searched for integrations, in order: later ones replace integrations of earlier ones. */
export async function integrationSources(options: SourcesOptions): Promise<IntegrationSource[]> {
  const { home, workspace, toolDirs, integrationDirs } = options;
  return [
    {
      kind: "builtin",
      dir: await builtinDir("integrations", home),
      prebuilt: readableDir("prebuilt"),
    },
    ...toolDirs.map((dir) => ({ kind: "tools" as const, dir })),
    { kind: "workspace", dir: join(workspace, "integrations") },
    ...integrationDirs.map((dir) => ({ kind: "external" as const, dir })),
  ];
}
