import { type AnyElysia, Elysia } from "elysia";
import { HeddleError } from "../../errors.ts";
import { namingParameter, refuseRepeated } from "./parameters.ts";
import { createRouteFinder, type FindRoutes } from "./route-finder.ts";

/** The mounted routes of one version of an integration. */
export interface IntegrationRouter {
  /**
   * Answers a request whose path has no prefix /integrations/<id>. Rejects with the error of the integration's code,
   * unless its own `onError` returned an answer to it.
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
  hooks: Hooks;
}

interface Hooks {
  error?: unknown[];
  query?: unknown;
  standaloneValidator?: { query?: unknown }[];
}

interface Config {
  normalize?: unknown;
}

interface Definitions {
  type?: Record<string, unknown>;
}

/** Undefined when `exported` is not an Elysia instance. */
export function createRouter(exported: unknown): IntegrationRouter | undefined {
  if (!isElysia(exported)) return undefined;
  const named = new WeakMap<Request, unknown>();
  const thrown = new WeakMap<Request, { error: unknown }>();
  const { config, definitions } = exported as unknown as { config?: Config; definitions?: Definitions };
  // A mounting instance adopts routes, but not how their own instance treats fields that their schemas do not name.
  const normalize = config?.normalize;
  // Elysia's own way of dropping such fields copies before it checks: a string in place of a Record becomes an object with
  // one key per letter, and a number an empty object. TypeBox checks the actual value.
  const app = new Elysia({ normalize: normalize === false ? false : "typebox" })
    .onTransform(({ request, route }) => {
      refuseRepeated(request.url, schemas.of(request.method, route) ?? []);
    })
    .onError(({ request, error, query, params }) => {
      named.set(request, namingParameter(error, { url: request.url, query, params }));
    })
    .onError(({ request, error, code }) => {
      // A number is a status chosen by the code, such as `status(403)`.
      if (typeof code === "number") return undefined;
      thrown.set(request, { error: named.get(request) ?? error });
      return new Response(null, { status: 500 });
    })
    .use(exported);
  const mounted = app.routes as Route[];
  const schemas = byRoute(mounted, ({ hooks }) => querySchemas(hooks, definitions?.type ?? {}));
  for (const { hooks } of mounted) ownErrorHooksFirst(hooks);
  const routes = mounted.map(({ method, path, hooks }) => ({ method, path, hooks }));
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

/**
 * Lets the integration's own `onError` answer before the second of the two error hooks above, which then takes only what the own
 * ones returned nothing for. Elysia would run it first, and compiles a route's hooks at its first request.
 */
function ownErrorHooksFirst(hooks: Hooks): void {
  const [naming, failing, ...own] = hooks.error ?? [];
  if (own.length > 0) hooks.error = [naming, ...own, failing];
}

/** What is known of routes, by the method of a request: a route for GET also takes HEAD, one for ALL takes every method. */
function byRoute<Fact>(routes: readonly Route[], factOf: (route: Route) => Fact) {
  const facts = new Map(routes.map((route) => [`${route.method} ${route.path}`, factOf(route)]));
  return {
    of(method: string, path: string): Fact | undefined {
      const methods = method === "HEAD" ? ["HEAD", "GET", "ALL"] : [method, "ALL"];
      const known = methods.find((one) => facts.has(`${one} ${path}`));
      return facts.get(`${known} ${path}`);
    },
  };
}

/** The schemas of a route's query: its own, which may be the name of a model, and those of the guards that it is in. */
function querySchemas(
  { query, standaloneValidator = [] }: Hooks,
  models: Record<string, unknown>,
): unknown[] {
  return [query, ...standaloneValidator.map((guard) => guard.query)]
    .map((schema) => (typeof schema === "string" ? models[schema] : schema))
    .filter((schema) => schema !== undefined);
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
