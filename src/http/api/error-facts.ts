// What the answer to a failed request tells about it, with the methods that its path takes.

import { Memoirist } from "memoirist";
import type { ErrorFacts } from "../errors.ts";

interface Route {
  method: string;
  path: string;
}

/** `routes` is called once, for the first request that fails. */
export function createFacts(
  routes: () => readonly Route[],
): (path: string, method: string, requestId: unknown) => ErrorFacts {
  let routers: ReadonlyMap<string, Memoirist<true>> | undefined;
  return (path, method, requestId) => {
    routers ??= routersOf(routes());
    const allowed = [...routers].flatMap(([taken, router]) => (router.find("", path) ? [taken] : [])).sort();
    return { path, method, requestId: String(requestId), allowed };
  };
}

/** One for each method, because they name the parameters of a path differently. */
function routersOf(routes: readonly Route[]): Map<string, Memoirist<true>> {
  const routers = new Map<string, Memoirist<true>>();
  for (const { method, path } of routes) {
    // What takes every path takes this one for no reason of its own.
    if (path.includes("*")) continue;
    for (const one of method === "GET" ? ["GET", "HEAD"] : [method]) {
      const router = routers.get(one) ?? new Memoirist<true>();
      routers.set(one, router);
      router.add("", path, true);
    }
  }
  return routers;
}
