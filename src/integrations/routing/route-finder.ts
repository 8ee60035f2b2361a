// Which of a router's routes take a request, as Elysia decides it: with its own tree of paths, and in its order.

import { Memoirist } from "memoirist";

/** `method` is that of HTTP, "ALL", or "WS"; `path` is as it was written: "/rooms/:room", "/files/*". */
export interface Route {
  method: string;
  path: string;
}

/** Those that may answer: one, or none; for GET also the one that answers an upgrade to a WebSocket. */
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

/** As Elysia does for parts that stand in the source as people write them. */
const encoded = (path: string): string => encodeURIComponent(path).replace(/%2F/g, "/").replace(/%3A/g, ":");
