import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createOverwritten } from "../../src/workspace/overwritten.ts";
import { createWorkspace, type WorkspaceOptions } from "../../src/workspace/workspace.ts";
import { temporaryFolder } from "../integrations/harness.ts";

export const BOT = { botId: "helper", taskId: null };

/** A workspace in a temporary folder; `recorded` holds the writes it recorded. */
export async function temporaryWorkspace(options: Partial<WorkspaceOptions> = {}) {
  const folder = await temporaryFolder();
  const dir = join(folder.path, "workspace");
  const recorded: string[] = [];
  await mkdir(dir);
  const ofBots = new Set<string>();
  const kept = join(folder.path, "overwritten");
  const workspace = await createWorkspace({
    dir,
    writes: {
      record: async ({ path, sha256 }) => {
        recorded.push(path);
        ofBots.add(`${path} ${sha256}`);
      },
      isOfBot: async ({ path, sha256 }) => ofBots.has(`${path} ${sha256}`),
    },
    overwritten: createOverwritten({ dir: kept }),
    whyNotIntegration: () => undefined,
    ...options,
  });
  return {
    ...workspace,
    dir,
    recorded,
    kept,
    /** A folder beside the workspace that must stay out of reach. */
    outside: join(folder.path, "outside"),
    /** Every path below it except the workspace's own folders, including hidden ones. */
    async everything(): Promise<string[]> {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
        .sort();
    },
    text: (path: string) => readFile(join(dir, path), "utf8"),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}
