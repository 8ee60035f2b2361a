// The API's documentation: /swagger/json, and the page at /swagger that shows it.

import { Elysia } from "elysia";
import { HeddleError } from "../../../errors.ts";
import { answerEncoded, type Bodies, withGzip } from "../../encoded.ts";
import { type MountedIntegrations, scopeOfRoute } from "../../gateway/integrations-gateway.ts";
import { createDocument, eachMethod, type IntegrationRoutesEntry } from "./document.ts";
import type { RouteEntry } from "./operation.ts";
import {
  KEY_STORE,
  KEY_STORE_SCRIPT,
  OPENAPI_JSON,
  OPENAPI_PAGE,
  pageOf,
  SCALAR_BUNDLE,
  swaggerPlugin,
} from "./page.ts";

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
Every answer has an \`X-Request-Id\`, which also stands in the log.`;

const TAGS = {
  Sessions: "A session is one conversation of a bot; messages are injected into it.",
  Events: "Something that happened in an outside place, sent to every channel bound to that place.",
  Channels: "A channel is the lasting conversation space behind a client id; its sessions come and go.",
  Tasks: "A task is one run of a bot.",
  Deliveries: "Outcomes of tasks on their way to their targets.",
  Documents: "Texts that searches find.",
  Tools: "Functions that bots can call.",
  Providers: "Endpoints with models.",
  Usage: "Tokens and costs of models.",
  Bots: "A bot has a prompt, a model, tools and skills, and answers messages.",
  Skills: "Knowledge that goes into a run.",
  Carapaces: "Bundles of tools, skills and prompt text.",
  Templates: "Texts that tell bots how the work in a channel is organised.",
  Inbox: "Received webhooks and their outcomes.",
  Integrations: "Integrations connect outside services to bots.",
  "Administration of integrations": "Setting up integrations: settings, keys, packages, approval.",
  Processes: "Background processes of integrations.",
  Logs: "What the server writes about its work.",
  Server: "What the server is and how it is configured.",
  Overview: "What needs a person, and what has happened.",
  "API keys": "Keys and what they may do.",
  "Sign-in": "Browsers act as a key after signing in.",
  Transcription: "Speech to text.",
  Health: "For load balancers and service managers.",
} as const;

/** An Elysia plugin; use it on the instance that has the routes. */
export function openApi(options: OpenApiOptions) {
  const { version, scalarBundle } = options;
  const facts = { version, description: DESCRIPTION, tags: TAGS };
  // Rebuilt only after the set of live routers or the address has changed, because anybody may request it.
  let made: { of: unknown[]; bodies: Promise<Bodies> } | undefined;
  const document = (): Promise<Bodies> => {
    const { entries, of: routers } = liveRoutes(options.integrations);
    const baseUrl = options.baseUrl();
    const of = [...routers, baseUrl];
    if (!made || made.of.length !== of.length || made.of.some((one, at) => one !== of[at])) {
      const text = JSON.stringify(createDocument(options.routes(), entries, { ...facts, baseUrl }));
      made = { of, bodies: withGzip(text) };
    }
    return made.bodies;
  };
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
      .get(
        OPENAPI_JSON,
        async ({ request }) =>
          answerEncoded(request, await document(), { "content-type": "application/json; charset=utf-8" }),
        hidden,
      )
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
