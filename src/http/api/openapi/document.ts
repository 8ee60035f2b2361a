// The OpenAPI document: the routes of the API and of the integrations that are live at the time of the request.

import { isJson, type Json } from "../../../schema/openapi-schema.ts";
import { exampleOf } from "./example.ts";
import { type OperationOptions, operationOf, type Parts, type RouteEntry, templateOf } from "./operation.ts";
import { openAnswers, shareFields, shareParameters } from "./share.ts";

export interface DocumentFacts {
  version: string;
  description: string;
  /** This server's public address; undefined for the address that served the document. */
  baseUrl: string | undefined;
  tags: Readonly<Record<string, string>>;
}

export interface OpenApiDocument {
  openapi: string;
  info: Json;
  servers: { url: string; description?: string }[];
  tags: { name: string; description?: string }[];
  security: Json[];
  paths: Record<string, Record<string, Json>>;
  components: Json;
}

/** The routes of one integration, with their public paths. */
export interface IntegrationRoutesEntry {
  id: string;
  name: string;
  routes: (RouteEntry & { scope: string | null })[];
}

export function createDocument(
  routes: readonly RouteEntry[],
  integrations: readonly IntegrationRoutesEntry[],
  facts: DocumentFacts,
): OpenApiDocument {
  const parts: Parts = { schemas: new Map(), responses: new Map() };
  const paths: OpenApiDocument["paths"] = {};
  const add = adderTo(paths);
  for (const route of routes.filter(isShown)) {
    add(route, operationOf(route, { parts, nameSchemas: true }));
  }
  const tags = Object.entries(facts.tags).map(([name, description]) => ({ name, description }));
  const taken = new Set<unknown>();
  for (const operations of Object.values(paths)) {
    for (const { operationId } of Object.values(operations)) taken.add(operationId);
  }
  for (const integration of integrations) {
    const shown = integration.routes.filter(isShown);
    if (shown.length === 0) continue;
    const tag = `Integration: ${integration.id}`;
    tags.push({ name: tag, description: `Routes of the integration ${integration.name}.` });
    for (const route of shown) {
      const operation = integrationOperation(route, tag, { parts, nameSchemas: false });
      const { operationId } = operation;
      for (let count = 2; taken.has(operation.operationId); count++)
        operation.operationId = `${operationId}${count}`;
      taken.add(operation.operationId);
      add(route, operation);
    }
  }
  const parameters = shareParameters(paths);
  const { baseUrl } = facts;
  const here = { url: "/", description: "This server." };
  return {
    openapi: "3.1.0",
    info: {
      title: "Heddle",
      version: facts.version,
      description: facts.description,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: baseUrl === undefined ? [here] : [{ url: baseUrl }, here],
    tags,
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: shareFields(openAnswers(sorted(parts.schemas), paths)),
      parameters,
      responses: sorted(parts.responses),
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An API key: hdl_…" } },
    },
  };
}

const METHODS = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];

function isShown({ method, path, hooks }: RouteEntry): boolean {
  const { detail } = hooks as Json;
  if (isJson(detail) && detail.hide === true) return false;
  return path !== "" && METHODS.includes(method);
}

/** OpenAPI cannot express a route for all methods, so it becomes one route per method. */
export const eachMethod = <Route extends RouteEntry>(route: Route): Route[] =>
  route.method === "ALL"
    ? ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({ ...route, method }))
    : [route];

function adderTo(paths: OpenApiDocument["paths"]): (route: RouteEntry, operation: Json) => void {
  const pathOf = new Map<string, string>();
  return (route, operation) => {
    const own = templateOf(route.path, (route.hooks as Json).params);
    // OpenAPI takes "/a/{id}" and "/a/{name}" for the same path, so the names of the first one count for both.
    const path = pathOf.get(shapeOf(own)) ?? own;
    pathOf.set(shapeOf(own), path);
    if (path !== own) rename(operation, path);
    paths[path] = { [route.method.toLowerCase()]: operation, ...paths[path] };
  };
}

const PARAMETER = /\{([^{}]*)\}/g;
const shapeOf = (path: string): string => path.replace(PARAMETER, "{}");

/** Gives the operation's path parameters, which come first and in order, the names that they have in this path. */
function rename({ parameters }: Json, path: string): void {
  const names = [...path.matchAll(PARAMETER)].map(([, name]) => name);
  const named = Array.isArray(parameters) ? parameters : [];
  for (const [at, name] of names.entries()) if (isJson(named[at])) named[at].name = name;
}

/** Uses the author's summary and description, and adds which key the route needs. */
function integrationOperation(
  route: IntegrationRoutesEntry["routes"][number],
  tag: string,
  options: OperationOptions,
): Json {
  const { detail } = route.hooks as Json;
  const facts = isJson(detail) ? detail : {};
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const needs =
    route.scope === null
      ? "Needs no API key: the integration itself verifies the sender."
      : `Needs the scope \`${route.scope}\`.`;
  const example = facts.example ?? exampleOf((route.hooks as Json).body);
  const hooks = { ...route.hooks, detail: { example } };
  return {
    ...writable({ ...route, hooks }, options),
    tags: [tag],
    summary: text(facts.summary) || `${route.method} ${route.path}`,
    description: `${text(facts.description)} ${needs}`.trim(),
    security: route.scope === null ? [] : [{ bearer: [] }],
  };
}

/** An author's schemas may be impossible to write as JSON; the route is then listed without them. */
function writable(route: RouteEntry, options: OperationOptions): Json {
  try {
    return JSON.parse(JSON.stringify(operationOf(route, options)));
  } catch {
    return operationOf({ ...route, hooks: {} }, options);
  }
}

const sorted = (components: ReadonlyMap<string, Json>): Record<string, Json> =>
  Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1)));
