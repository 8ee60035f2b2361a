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
  const readings = readingsOf(path);
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

/** A router may take "/%65ndpoints", "//endpoints" or "/a/..%2fendpoints" for "/endpoints"; whoever doubts asks for more. */
function readingsOf(path: string): string[] {
  const readings = [path, plain(path)].map((reading) => reading.replace(/[/\\]+/g, "/").toLowerCase());
  return readings.flatMap((reading) => {
    // What follows in a part may be taken for its parameters, or for nothing.
    const bare = reading.replace(/[;\0][^/]*/g, "");
    return [reading, bare, resolved(bare)];
  });
}

/** Decoded part by part: what cannot be decoded must not hide what can. */
const plain = (path: string): string =>
  path.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll("%", ""), "hex").toString());

/** Without the parts "." and "..". */
function resolved(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
