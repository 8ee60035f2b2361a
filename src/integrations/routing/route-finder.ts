// Finds the routes that take a request, as Elysia does: with its own tree of paths and in its order.

import { Memoirist } from "memoirist";

/** `method` is an HTTP method, "ALL" or "WS"; `path` is a pattern: "/rooms/:room", "/files/*". */
export interface Route {
  method: string;
  path: string;
}

/** The routes that may answer: at most one; for GET also the one that answers an upgrade to a WebSocket. */
export type FindRoutes = (asked: Route) => Route[];

export function createRouteFinder(routes: readonly Route[]): FindRoutes {
  const fixed = new Map<string, Route>();
  const tree = new Memoirist<Route>();
  for (const route of routes) {
    const { method, path } = route;
    for (const spelling of new Set([path, encoded(path)])) {
      if (!/[:*]/.test(path)) fixed.set(`${method} ${spelling}`, fixed.get(`${method} ${spelling}`) ?? route);
      tree.add(method, spelling, route, { ignoreError: true });
    }
  }
  const find = (path: string, fixedOrder: string[], treeOrder = fixedOrder): Route | undefined => {
    const fixedMethod = fixedOrder.find((method) => fixed.has(`${method} ${path}`));
    if (fixedMethod !== undefined) return fixed.get(`${fixedMethod} ${path}`);
    for (const method of treeOrder) {
      const route = tree.find(method, path)?.store;
      if (route) return route;
    }
    return undefined;
  };
  return ({ method, path: asked }) => {
    const path = asked.length > 1 && asked.endsWith("/") ? asked.slice(0, -1) : asked;
    const answering =
      method === "HEAD"
        ? [find(path, ["HEAD", "GET", "ALL"], ["GET", "HEAD", "ALL"])]
        : [find(path, [method, "ALL"]), method === "GET" ? find(path, ["WS"]) : undefined];
    return answering.filter((route) => route !== undefined);
  };
}

/** Encodes the parts of a path as Elysia does. */
const encoded = (path: string): string => encodeURIComponent(path).replace(/%2F/g, "/").replace(/%3A/g, ":");
