// Decides which routes of an integration need no API key, and which need the scope admin. Paths are canonical
// (http/target.ts): the router receives exactly the characters that are checked here.

import type { SetupManifest } from "../../sdk/manifest.ts";
import type { Route } from "./route-finder.ts";

/**
 * Whether a request needs no API key, by its path below /integrations/<id>: it reaches a route at or below /webhook, or the
 * manifest declares the path. A variable of a pattern opens only routes that have a variable in the same place: a manifest
 * that declares POST /:name, or a route /:room/:action, does not mean POST /settings or /webhook/delete.
 */
export function isPublicRoute(
  id: string,
  { method, path }: Route,
  { setup, answering }: { setup: SetupManifest | undefined; answering: readonly Route[] },
): boolean {
  if (isAdminPath(id, path, setup)) return false;
  const parts = partsOf(path);
  const routes = answering.map((route) => partsOf(route.path));
  // Without a matching route the router answers 404.
  if (parts[0] === "webhook" && routes.every(([first]) => first === "webhook")) return true;
  return declaredIn(id, setup).some(
    (declared) =>
      takes(declared.method, method) &&
      fits(declared.parts, parts) &&
      !routes.some((route) => spellsOut(route, declared.parts)),
  );
}

/** Whether a path equals or is below one of the manifest's admin paths, ignoring case. */
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
  /** "ALL" in the older form, which is a path without a method. */
  method: string;
  parts: string[];
}

function declaredIn(id: string, setup: SetupManifest | undefined): Declared[] {
  const declared = (setup?.public_paths ?? []).map((one) => {
    const space = one.indexOf(" ");
    const method = space < 0 ? "ALL" : one.slice(0, space);
    return { method, parts: partsOf(below(id, one.slice(space + 1))) };
  });
  // Webhooks are POSTed; a service that verifies with GET first needs its own line in public_paths.
  const webhook = setup?.webhook && { method: "POST", parts: partsOf(below(id, setup.webhook.path)) };
  return webhook ? [...declared, webhook] : declared;
}

/** HEAD is answered by GET routes. */
const takes = (declared: string, method: string): boolean =>
  declared === "ALL" || declared === method || (declared === "GET" && method === "HEAD");

const fits = (declared: readonly string[], parts: readonly string[]): boolean =>
  declared.length === parts.length &&
  declared.every((part, at) => part.startsWith(":") || part === parts[at]);

/** Whether the route has something other than a variable where the declared path has one. */
function spellsOut(route: readonly string[], declared: readonly string[]): boolean {
  const wildcard = route.indexOf("*");
  return declared.some((part, at) => {
    if (!part.startsWith(":") || (wildcard >= 0 && at >= wildcard)) return false;
    return !route[at]?.startsWith(":");
  });
}

const below = (id: string, path: string): string => {
  const prefix = `/integrations/${id}`;
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
};

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "");
