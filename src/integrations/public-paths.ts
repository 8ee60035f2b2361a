// Which routes of an integration need no API key, and which need the scope admin. Paths are canonical (http/target.ts):
// what is judged here is, character for character, what the router gets.

import type { SetupManifest } from "../sdk/types.ts";

export interface Asked {
  method: string;
  /** Below /integrations/<id>. */
  path: string;
}

/** `path` as the router was given it: "/rooms/:room". */
export type Route = Asked;

/**
 * Whether a request needs no API key: its path is /webhook or below it, or the manifest declares it. A part ":name" of a
 * declared path stands for any one part, but not for a part that another route of the router spells out: whoever
 * declares POST /:name does not mean POST /settings.
 */
export function isPublicRoute(
  id: string,
  { method, path }: Asked,
  { setup, routes }: { setup: SetupManifest | undefined; routes: readonly Route[] },
): boolean {
  if (isAdminPath(id, path, setup)) return false;
  const parts = partsOf(path);
  if (parts[0] === "webhook") return true;
  return declaredIn(id, setup).some(
    (declared) =>
      takes(declared.method, method) &&
      fits(declared.parts, parts) &&
      !routes.some(
        (route) => takes(route.method, method) && isNarrower(partsOf(route.path), declared.parts, parts),
      ),
  );
}

/** Whether a path is one of the manifest's admin paths, or below one, in capitals or not. */
export function isAdminPath(id: string, path: string, setup: SetupManifest | undefined): boolean {
  const declared = setup?.admin_paths ?? [];
  if (declared.length === 0) return false;
  const parts = partsOf(path.toLowerCase());
  return declared.some((one) => {
    const prefix = partsOf(below(id, one).toLowerCase());
    return (
      prefix.length <= parts.length && prefix.every((part, at) => part.startsWith(":") || part === parts[at])
    );
  });
}

interface Declared {
  /** "ALL" in the older form, a path alone. */
  method: string;
  parts: string[];
}

function declaredIn(id: string, setup: SetupManifest | undefined): Declared[] {
  const declared = (setup?.public_paths ?? []).map((one) => {
    const space = one.indexOf(" ");
    const method = space < 0 ? "ALL" : one.slice(0, space);
    return { method, parts: partsOf(below(id, one.slice(space + 1))) };
  });
  // Webhooks are posted; a service that asks by GET first has its own line in public_paths.
  const webhook = setup?.webhook && { method: "POST", parts: partsOf(below(id, setup.webhook.path)) };
  return webhook ? [...declared, webhook] : declared;
}

/** HEAD is answered by the routes of GET. */
const takes = (declared: string, method: string): boolean =>
  declared === "ALL" || declared === method || (declared === "GET" && method === "HEAD");

const fits = (declared: readonly string[], parts: readonly string[]): boolean =>
  declared.length === parts.length &&
  declared.every((part, at) => part.startsWith(":") || part === parts[at]);

/** Whether a route answers the path and spells out a part for which the declared path has a name. */
function isNarrower(
  route: readonly string[],
  declared: readonly string[],
  parts: readonly string[],
): boolean {
  if (!declared.some((part) => part.startsWith(":")) || route.length !== parts.length) return false;
  const isVariable = (part: string) => part.startsWith(":") || part === "*";
  return (
    route.every((part, at) => isVariable(part) || part === parts[at]) &&
    route.some((part, at) => !isVariable(part) && declared[at]?.startsWith(":"))
  );
}

const below = (id: string, path: string): string => {
  const prefix = `/integrations/${id}`;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
};

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "");
