import { type AnyElysia, Elysia } from "elysia";
import { HeddleError } from "../../errors.ts";
import { createRouteFinder, type FindRoutes } from "./route-finder.ts";

/** The mounted routes of one version of an integration. */
export interface IntegrationRouter {
  /**
   * Answers a request whose path has lost its /integrations/<id>. Rejects with what the integration's code
   * threw, unless its own `onError` took it.
   */
  handle(request: Request): Promise<Response>;
  /**
   * `method` is that of HTTP, or "ALL"; paths as they were written: "/rooms/:room"; `hooks` has the route's schemas and
   * its `detail`, in Elysia's form.
   */
  routes: readonly { method: string; path: string; hooks: object }[];
  /** Which of them take a request. */
  answering: FindRoutes;
}

interface Route {
  method: string;
  path: string;
  hooks: { error?: unknown[] };
}

/** Undefined when `exported` is no Elysia instance. */
export function createRouter(exported: unknown): IntegrationRouter | undefined {
  if (!isElysia(exported)) return undefined;
  const thrown = new WeakMap<Request, { error: unknown }>();
  // An instance takes on routes, but not how their instance was told to treat fields that their schemas do not name.
  const { normalize } = (exported as { config?: { normalize?: unknown } }).config ?? {};
  // Elysia's own way of dropping them copies before it checks: a text where a Record belongs becomes an object with one
  // key a letter, a number an empty one. TypeBox's looks at what is there.
  const app = new Elysia({ normalize: normalize === false ? false : "typebox" })
    .onError(({ request, error, code, route }) => {
      // A number is a status that the code chose, such as `status(403)`.
      if (typeof code === "number" || ownHandlers.has(`${request.method} ${route}`)) return undefined;
      thrown.set(request, { error });
      return new Response(null, { status: 500 });
    })
    .use(exported);
  const ownHandlers = new Set(
    // The first error hook of each route is the one above.
    (app.routes as Route[])
      .filter(({ hooks }) => (hooks.error?.length ?? 0) > 1)
      .map(({ method, path }) => `${method} ${path}`),
  );
  const routes = (app.routes as Route[]).map(({ method, path, hooks }) => ({ method, path, hooks }));
  const answering = createRouteFinder(routes);
  const hasSockets = routes.some(({ method }) => method === "WS");
  return {
    routes,
    answering,
    async handle(request) {
      if (hasSockets) refuseSockets(request, answering);
      const response = await app.handle(request);
      const failure = thrown.get(request);
      if (failure) throw failure.error;
      return response;
    },
  };
}

/** Nothing can be upgraded behind the edge, and Elysia would say so to a stranger in words of its own. */
function refuseSockets({ method, url }: Request, answering: FindRoutes): void {
  const routes = answering({ method, path: new URL(url).pathname });
  if (routes.length === 0 || routes.some((route) => route.method !== "WS")) return;
  throw new HeddleError("not_found", "WebSocket routes of integrations are not served.");
}

/** By its looks: it may come from another copy of the package. */
function isElysia(value: unknown): value is AnyElysia {
  if (typeof value !== "object" || value === null) return false;
  const { handle, fetch, use } = value as Record<string, unknown>;
  return typeof handle === "function" && typeof fetch === "function" && typeof use === "function";
}
