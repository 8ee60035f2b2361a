// What the commands for authors of integrations do, and print.

import { stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { HeddleError } from "../errors.ts";
import { DEFAULT_PARTS, newIntegration } from "./new-integration.ts";
import { refreshProject } from "./project-files.ts";

export function createAuthoringCommands() {
  return {
    async newIntegration({ name, parts, dir }: { name: string; parts: string[] | undefined; dir: string }) {
      const made = await newIntegration({ name, parts: parts ?? DEFAULT_PARTS, dir });
      const place = relative(process.cwd(), made.folder) || ".";
      console.log(`Wrote ${made.folder}:\n${made.files.map((file) => `  ${file}`).join("\n")}\n`);
      console.log(`Next:
  cd ${place}
  heddle dev .        serve it with a scripted model; what you save is live at once
  heddle check .      see what is wrong, and what is missing
  bun test            or: node --test, deno test
To serve it: INTEGRATION_DIRS=${resolve(dir)} heddle serve`);
    },
    async writeTypes(dir: string) {
      const folder = resolve(dir);
      await mustBeFolder(folder);
      const added = await refreshProject(folder, basename(folder));
      const also = added.length > 0 ? `, and ${added.join(", ")}` : "";
      console.log(`Wrote ${join(folder, ".heddle")}${also}.`);
    },
  };
}

async function mustBeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new HeddleError("config", `${folder} is no folder.`);
}
