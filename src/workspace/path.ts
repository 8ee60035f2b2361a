// Validates the paths that a bot may use in the workspace: relative, plain, and the same file on every system.

import { HeddleError } from "../errors.ts";

export const WORKSPACE_FOLDERS = ["common", "integrations", "bots", "users"] as const;

const MAX_DEPTH = 16;
const MAX_LENGTH = 512;
const MAX_NAME_BYTES = 200;
/** Characters that Windows rejects or interprets, and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must be matched.
const NOT_IN_NAMES = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;
const INTEGRATION_ID = /^[a-z][a-z0-9_-]*$/;

/** Splits a path into names; "" is the workspace itself. Throws "validation" with the field `path`. */
export function parsePath(path: string): string[] {
  if (path === "" || path === ".") return [];
  if (path.length > MAX_LENGTH) throw refused(`is longer than ${MAX_LENGTH} characters`);
  if (path.startsWith("/")) throw refused('must be relative to the workspace, like "common/notes.md"');
  const names = path.normalize("NFC").replace(/\/$/, "").split("/");
  if (names.length > MAX_DEPTH) throw refused(`is more than ${MAX_DEPTH} folders deep`);
  for (const name of names) {
    const reason = whyNotAName(name);
    if (reason) throw refused(reason);
  }
  const [first] = names;
  if (!WORKSPACE_FOLDERS.some((folder) => folder === first))
    throw refused(`must start with one of ${WORKSPACE_FOLDERS.map((folder) => `${folder}/`).join(" ")}`);
  return names;
}

/**
 * Files that configure a resolver, a bundler or an installer. In an integration's own folder they are part of what a
 * person approves; elsewhere they would affect code that was approved without them.
 */
const RESOLVER_SETTINGS = ["package.json", "bunfig.toml", "bun.lockb", "deno.json", "deno.jsonc"];

/** Whether a file of this name affects how imports beside and below it are resolved. */
export function isResolverSetting(name: string): boolean {
  const lower = name.toLowerCase();
  const isConfig = /^[tj]sconfig\b/.test(lower) && lower.endsWith(".json");
  return isConfig || RESOLVER_SETTINGS.includes(lower) || lower.endsWith(".lock");
}

/**
 * Splits the path of a file to write. Files directly in integrations/ are not allowed: bundler settings there would
 * apply to every integration.
 */
export function parseFilePath(path: string): string[] {
  const names = parsePath(path);
  if (path.endsWith("/") || names.length < 2) throw refused("must name a file in one of the folders");
  if (names[0] !== "integrations") {
    if (isResolverSetting(names.at(-1) ?? ""))
      throw refused("must not name a configuration file of a resolver or an installer outside integrations/");
    return names;
  }
  if (names.length < 3)
    throw refused('must be in the folder of an integration, like "integrations/my_id/router.ts"');
  if (!INTEGRATION_ID.test(names[1] ?? ""))
    throw refused("must name an integration folder that starts with a-z and continues with a-z, 0-9, _ or -");
  return names;
}

function whyNotAName(name: string): string | undefined {
  if (name === "") return "has an empty name between its slashes";
  if (name === "." || name === "..") return `must not contain "${name}"`;
  if (name.startsWith(".")) return "must not have a name that starts with a dot";
  if (name.toLowerCase() === "node_modules") return "must not lead into node_modules";
  if (NOT_IN_NAMES.test(name) || !name.isWellFormed())
    return 'must not contain control characters or any of < > : " | ? * \\';
  if (/[. ]$/.test(name)) return "must not have a name that ends with a dot or a space";
  if (DEVICE.test(name)) return `must not use "${name}", which is a device on some systems`;
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `has a name of more than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

const refused = (reason: string): HeddleError =>
  new HeddleError("validation", `The path ${reason}.`, { field: "path" });
