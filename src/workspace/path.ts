// Which paths a bot may name in the workspace: relative, plain, and the same file on every system.

import { HeddleError } from "../errors.ts";

export const WORKSPACE_FOLDERS = ["common", "integrations", "bots", "users"] as const;

const DEEPEST = 16;
const LONGEST = 512;
const LONGEST_NAME_BYTES = 200;
/** What Windows refuses or reads as something else, and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const NOT_IN_NAMES = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;
const INTEGRATION_ID = /^[a-z][a-z0-9_-]*$/;

/** The names of a path, "" being the workspace itself. Throws "validation" that names `path`. */
export function parsePath(path: string): string[] {
  if (path === "" || path === ".") return [];
  if (path.length > LONGEST) throw refused(`is longer than ${LONGEST} characters`);
  if (path.startsWith("/")) throw refused('must be relative to the workspace, like "common/notes.md"');
  const names = path.normalize("NFC").replace(/\/$/, "").split("/");
  if (names.length > DEEPEST) throw refused(`is more than ${DEEPEST} folders deep`);
  for (const name of names) {
    const reason = whyNotAName(name);
    if (reason) throw refused(reason);
  }
  const [first] = names;
  if (!WORKSPACE_FOLDERS.some((folder) => folder === first))
    throw refused(`must begin with one of ${WORKSPACE_FOLDERS.map((folder) => `${folder}/`).join(" ")}`);
  return names;
}

/**
 * What a resolver, a bundler or an installer takes its settings from. In an integration's own folder they are part of what
 * a person approves; elsewhere they would steer code that was approved without them.
 */
const RESOLVER_SETTINGS = ["package.json", "bunfig.toml", "bun.lockb", "deno.json", "deno.jsonc"];

/** Whether a file of this name changes what the imports beside and below it mean. */
export function isResolverSetting(name: string): boolean {
  const lower = name.toLowerCase();
  const isConfig = /^[tj]sconfig\b/.test(lower) && lower.endsWith(".json");
  return isConfig || RESOLVER_SETTINGS.includes(lower) || lower.endsWith(".lock");
}

/**
 * The names of a file that may be written. Not directly in integrations/: settings of the bundler there would be
 * those of every integration.
 */
export function parseFilePath(path: string): string[] {
  const names = parsePath(path);
  if (path.endsWith("/") || names.length < 2) throw refused("must name a file in one of the folders");
  if (names[0] !== "integrations") {
    if (isResolverSetting(names.at(-1) ?? ""))
      throw refused("must not name settings of a resolver or an installer outside integrations/");
    return names;
  }
  if (names.length < 3)
    throw refused('must lie in the folder of an integration: "integrations/my_id/router.ts"');
  if (!INTEGRATION_ID.test(names[1] ?? ""))
    throw refused("names an integration by its folder, which begins with a-z; a-z, 0-9, _ and - may follow");
  return names;
}

function whyNotAName(name: string): string | undefined {
  if (name === "") return "has an empty name between its slashes";
  if (name === "." || name === "..") return `must not contain "${name}"`;
  if (name.startsWith(".")) return "must not have a name that begins with a dot";
  if (name.toLowerCase() === "node_modules") return "must not lead into node_modules";
  if (NOT_IN_NAMES.test(name) || !name.isWellFormed())
    return 'must not have control characters or any of < > : " | ? * \\ in it';
  if (/[. ]$/.test(name)) return "must not have a name that ends with a dot or a space";
  if (DEVICE.test(name)) return `must not use "${name}", which is a device on some systems`;
  if (Buffer.byteLength(name) > LONGEST_NAME_BYTES)
    return `has a name of more than ${LONGEST_NAME_BYTES} bytes`;
  return undefined;
}

const refused = (reason: string): HeddleError =>
  new HeddleError("validation", `The path ${reason}.`, { field: "path" });
