// The API's documentation: the document in two parts and as a whole, and the page at /swagger that shows the parts.

import { Elysia } from "elysia";
import { HeddleError } from "../../../errors.ts";
import { answerEncoded, type Bodies, withGzip } from "../../encoded.ts";
import { type MountedIntegrations, scopeOfRoute } from "../../gateway/integrations-gateway.ts";
import { partOf } from "./divide.ts";
import { createDocument, eachMethod, type IntegrationRoutesEntry, type OpenApiDocument } from "./document.ts";
import type { RouteEntry } from "./operation.ts";
import {
  ADMINISTRATION_JSON,
  type DocumentPath,
  KEY_STORE,
  KEY_STORE_SCRIPT,
  OPENAPI_JSON,
  OPENAPI_PAGE,
  pageOf,
  SCALAR_BUNDLE,
  swaggerPlugin,
  WHOLE_JSON,
} from "./page.ts";
import { ADMINISTRATION, WORK } from "./tags.ts";

export interface OpenApiOptions {
  version: string;
  /** Returns the routes of the API; called after all of them are registered. */
  routes: () => readonly RouteEntry[];
  integrations: Pick<MountedIntegrations, "isPublic" | "isAdminOnly" | "routeScopeOf"> & {
    list(): { id: string; name: string; isLive: boolean }[];
    routerOf(id: string): { routes: readonly RouteEntry[] } | undefined;
  };
  /** This server's public address, if the operator has set it. */
  baseUrl: () => string | undefined;
  /** @scalar/api-reference's standalone bundle. */
  scalarBundle: () => Promise<Blob | undefined>;
}

const SCRIPT_TYPE = "text/javascript; charset=utf-8";

const DESCRIPTION = `Every request needs \`Authorization: Bearer\` and an API key, except those to /health and /ready
and to public routes of integrations. **Enter your key under "Authentication" once**; the page keeps it until its tab is closed.

An error is an object \`error\` with a \`code\` for programs, a \`message\` for people and, where one field of the
input is invalid, its name in \`field\`. A list with more pages has a \`next_cursor\`: pass it as \`cursor\` for the next page.
Every answer has an \`X-Request-Id\`, which also stands in the log.

This document is one of two parts: \`${OPENAPI_JSON}\` has the work with bots and the routes of integrations,
\`${ADMINISTRATION_JSON}\` how the server is set up. \`${WHOLE_JSON}\` is both in one, for generators of clients.`;

/** An Elysia plugin; use it on the instance that has the routes. */
export function openApi(options: OpenApiOptions) {
  const { version, scalarBundle } = options;
  const facts = { version, description: DESCRIPTION, tags: { ...WORK, ...ADMINISTRATION } };
  // Rebuilt only after the set of live routers or the address has changed, because anybody may request it.
  let made: { of: unknown[]; bodies: Record<DocumentPath, Promise<Bodies>> } | undefined;
  const documents = () => {
    const { entries, of: routers } = liveRoutes(options.integrations);
    const baseUrl = options.baseUrl();
    const of = [...routers, baseUrl];
    if (!made || made.of.length !== of.length || made.of.some((one, at) => one !== of[at])) {
      made = { of, bodies: written(createDocument(options.routes(), entries, { ...facts, baseUrl })) };
    }
    return made.bodies;
  };
  const answer = async (request: Request, path: DocumentPath) =>
    answerEncoded(request, await documents()[path], { "content-type": "application/json; charset=utf-8" });
  const hidden = { detail: { hide: true } };
  const plugin = swaggerPlugin(version);
  let page: Promise<string> | undefined;
  let bundle: Promise<Bodies | undefined> | undefined;
  return (
    new Elysia()
      .use(plugin)
      // Replaces the plugin's own routes, whose document is not valid OpenAPI; see docs/decisions.md.
      .get(
        OPENAPI_PAGE,
        async () => {
          page ??= pageOf(plugin);
          return new Response(await page, { headers: { "content-type": "text/html; charset=utf-8" } });
        },
        hidden,
      )
      .get(OPENAPI_JSON, ({ request }) => answer(request, OPENAPI_JSON), hidden)
      .get(ADMINISTRATION_JSON, ({ request }) => answer(request, ADMINISTRATION_JSON), hidden)
      .get(WHOLE_JSON, ({ request }) => answer(request, WHOLE_JSON), hidden)
      .get(
        KEY_STORE,
        () => new Response(KEY_STORE_SCRIPT, { headers: { "content-type": SCRIPT_TYPE } }),
        hidden,
      )
      .get(
        SCALAR_BUNDLE,
        async ({ request }) => {
          bundle ??= scalarBundle()
            .then((blob) => blob && withGzip(blob))
            .catch((error: unknown) => {
              // It can perhaps be read the next time.
              bundle = undefined;
              throw error;
            });
          const bodies = await bundle;
          if (!bodies) throw new HeddleError("not_found", "This build has no API reference page.");
          return answerEncoded(request, bodies, {
            "content-type": SCRIPT_TYPE,
            "cache-control": "public, max-age=3600",
          });
        },
        hidden,
      )
  );
}

/** The whole document and its two parts, as they are sent. */
function written(whole: OpenApiDocument): Record<DocumentPath, Promise<Bodies>> {
  const isAdministration = (tag: string) => tag in ADMINISTRATION;
  const work = partOf(whole, (tag) => !isAdministration(tag));
  const administration = partOf(whole, isAdministration);
  administration.info = { ...whole.info, title: "Heddle: administration" };
  return {
    [OPENAPI_JSON]: withGzip(JSON.stringify(work)),
    [ADMINISTRATION_JSON]: withGzip(JSON.stringify(administration)),
    [WHOLE_JSON]: withGzip(JSON.stringify(whole)),
  };
}

function liveRoutes(integrations: OpenApiOptions["integrations"]): {
  entries: IntegrationRoutesEntry[];
  /** The routers; comparing them by identity shows whether the set has changed. */
  of: unknown[];
} {
  const live = integrations.list().flatMap(({ id, name, isLive }) => {
    const router = isLive ? integrations.routerOf(id) : undefined;
    return router ? [{ id, name, router }] : [];
  });
  const entries = live.map(({ id, name, router }) => ({
    id,
    name,
    routes: router.routes.flatMap(eachMethod).map((route) => ({
      ...route,
      path: `/integrations/${id}${route.path === "/" ? "" : route.path}`,
      scope: integrations.isPublic(id, route) ? null : scopeOfRoute(integrations, id, route),
    })),
  }));
  return { entries, of: live.map(({ router }) => router) };
}
