import { entryOfSource } from "./assets.ts";
import { isBun } from "./host.ts";

/**
 * How a person runs this program in a terminal: in the folder of the checkout, or, with `anywhere`, in any other. Whoever started it
 * with npx has no Bun of their own.
 */
export function ownCommand({ executable = process.execPath, anywhere = false } = {}): string {
  const entry = entryOfSource();
  if (entry === undefined) return "heddle";
  const main = anywhere ? entry : "src/main.ts";
  if (!isBun) return `deno run -A ${main}`;
  return `${/[\\/]_npx[\\/]/.test(executable) ? `npx -y bun@${Bun.version}` : "bun"} ${main}`;
}
