import type { SetupManifest } from "../sdk/types.ts";

/**
 * Whether a path below /integrations/<id> needs no API key: it begins with /webhook, or the manifest names it as
 * its webhook (there with /integrations/<id> before it, or without) or among its public paths, where a part ":name"
 * stands for any one part.
 */
export function isPublicPath(id: string, path: string, setup: SetupManifest | undefined): boolean {
  if (isAdminPath(id, path, setup)) return false;
  if (path.startsWith("/webhook")) return true;
  const declared = [setup?.webhook?.path, ...(setup?.public_paths ?? [])];
  return declared.some(
    (one) => one !== undefined && matches(withoutSlash(below(id, one)), withoutSlash(path)),
  );
}

function matches(declared: string, path: string): boolean {
  const parts = path.split("/");
  const wanted = declared.split("/");
  return (
    wanted.length === parts.length && wanted.every((part, at) => part.startsWith(":") || part === parts[at])
  );
}

/** Whether a path below /integrations/<id> is one of the manifest's admin paths, or below one. */
export function isAdminPath(id: string, path: string, setup: SetupManifest | undefined): boolean {
  const declared = setup?.admin_paths ?? [];
  if (declared.length === 0) return false;
  // A router may read "/%65ndpoints" or "//endpoints" as "/endpoints"; whoever doubts asks for more.
  const readings = [path, plain(path)].map((reading) => reading.replace(/\/+/g, "/").toLowerCase());
  return declared.some((one) => {
    const prefix = withoutSlash(below(id, one)).toLowerCase();
    return readings.some((reading) => reading === prefix || reading.startsWith(`${prefix}/`));
  });
}

const below = (id: string, path: string): string => {
  const prefix = `/integrations/${id}`;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
};

// A router takes "/status/" for "/status".
const withoutSlash = (path: string): string => path.replace(/\/+$/, "");

function plain(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
