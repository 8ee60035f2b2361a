import { type AnyElysia, Elysia, ValidationError } from "elysia";
import { HeddleError } from "../../errors.ts";
import { createRouteFinder, type FindRoutes } from "./route-finder.ts";

/** The mounted routes of one version of an integration. */
export interface IntegrationRouter {
  /**
   * Answers a request whose path has no prefix /integrations/<id>. Rejects with the error of the integration's code,
   * unless its own `onError` handled it.
   */
  handle(request: Request): Promise<Response>;
  /**
   * `method` is an HTTP method or "ALL"; paths are patterns: "/rooms/:room"; `hooks` has the route's schemas and its
   * `detail` in Elysia's form.
   */
  routes: readonly { method: string; path: string; hooks: object }[];
  /** The routes that take a request. */
  answering: FindRoutes;
}

interface Route {
  method: string;
  path: string;
  hooks: { error?: unknown[] };
}

/** Undefined when `exported` is not an Elysia instance. */
export function createRouter(exported: unknown): IntegrationRouter | undefined {
  if (!isElysia(exported)) return undefined;
  const thrown = new WeakMap<Request, { error: unknown }>();
  // A mounting instance adopts routes, but not how their own instance treats fields that their schemas do not name.
  const { normalize } = (exported as { config?: { normalize?: unknown } }).config ?? {};
  // Elysia's own way of dropping such fields copies before it checks: a string in place of a Record becomes an object with
  // one key per letter, and a number an empty object. TypeBox checks the actual value.
  const app = new Elysia({ normalize: normalize === false ? false : "typebox" })
    .onError(({ request, error, code, route, query, params }) => {
      nameParameter(error, { ...query, ...params });
      // A number is a status chosen by the code, such as `status(403)`.
      if (typeof code === "number" || ownHandlers.has(`${request.method} ${route}`)) return undefined;
      thrown.set(request, { error });
      return new Response(null, { status: 500 });
    })
    .use(exported);
  const ownHandlers = new Set(
    // The hook above is the first error hook of each route.
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

/** Elysia refuses a number, a date or JSON of a parameter without its name; a value that only one parameter has tells which it is. */
function nameParameter(error: unknown, parameters: Record<string, unknown>): void {
  if (!(error instanceof ValidationError) || error.type !== "property" || !error.valueError) return;
  const { value, valueError } = error;
  const names = Object.keys(parameters).filter((name) =>
    [parameters[name], Number(parameters[name])].includes(value),
  );
  if (valueError.path === "" && names.length === 1) valueError.path = `/${names[0]}`;
}

/** Connections cannot be upgraded behind the edge, and Elysia would expose that in an error text of its own. */
function refuseSockets({ method, url }: Request, answering: FindRoutes): void {
  const routes = answering({ method, path: new URL(url).pathname });
  if (routes.length === 0 || routes.some((route) => route.method !== "WS")) return;
  throw new HeddleError("not_found", "WebSocket routes of integrations are not served.");
}

/** Recognises an instance by its shape, because it may come from another copy of the package. */
function isElysia(value: unknown): value is AnyElysia {
  if (typeof value !== "object" || value === null) return false;
  const { handle, fetch, use } = value as Record<string, unknown>;
  return typeof handle === "function" && typeof fetch === "function" && typeof use === "function";
}
