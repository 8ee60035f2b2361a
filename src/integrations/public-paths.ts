import type { SetupManifest } from "../sdk/types.ts";

/**
 * Whether a path below /integrations/<id> needs no API key: it begins with /webhook, or the manifest names it as
 * its webhook (there with /integrations/<id> before it, or without) or among its public paths.
 */
export function isPublicPath(id: string, path: string, setup: SetupManifest | undefined): boolean {
  if (path.startsWith("/webhook")) return true;
  const prefix = `/integrations/${id}`;
  const declared = [setup?.webhook?.path, ...(Array.isArray(setup?.public_paths) ? setup.public_paths : [])]
    .filter((declared) => typeof declared === "string")
    .map((declared) => (declared.startsWith(`${prefix}/`) ? declared.slice(prefix.length) : declared));
  return declared.some((declared) => withoutSlash(declared) === withoutSlash(path));
}

// A router takes "/status/" for "/status".
const withoutSlash = (path: string): string => path.replace(/\/+$/, "");
