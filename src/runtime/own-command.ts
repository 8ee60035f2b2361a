import { entryOfSource } from "./assets.ts";
import { isBun } from "./host.ts";

/** How a person runs this program in a terminal. Whoever started it with npx has no Bun of their own. */
export function ownCommand(executable = process.execPath): string {
  if (entryOfSource() === undefined) return "heddle";
  if (!isBun) return "deno run -A src/main.ts";
  return `${/[\\/]_npx[\\/]/.test(executable) ? `npx -y bun@${Bun.version}` : "bun"} src/main.ts`;
}
