import { Elysia, t } from "elysia";
import { ADMIN, covers } from "../../../access/scopes.ts";
import { HeddleError, notFound } from "../../../errors.ts";
import type { IntegrationStore } from "../../../integrations/settings/store.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { LONGEST_TTL_SECONDS } from "../../../sdk/store.ts";
import type { Auth } from "../../auth.ts";
import { cursorIn, listRoute, pageOfRows, setupPage } from "../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { nullable } from "../schemas.ts";

const tag = "Integrations";
const SCOPES = {
  read: "integrations.{id}.store:read",
  write: "integrations.{id}.store:write",
} as const;

const Params = t.Object({ id: t.String(), key: t.String({ minLength: 1, maxLength: 255 }) });
const entry = {
  key: t.String(),
  value: t.Any({ description: "Any JSON; of a secret null, unless the key is the integration's own." }),
  secret: t.Boolean({ description: "Whether it is encrypted." }),
};
const Entry = named("StoreEntry", t.Object(entry));
const Held = named(
  "StoredValue",
  t.Object({
    ...entry,
    version: t.String({ description: "For `if_version`; another for every value." }),
  }),
);
const Write = named(
  "StoreWrite",
  t.Object(
    {
      value: t.Any({ description: "Any JSON of at most 256 kB." }),
      secret: t.Optional(t.Boolean({ description: "Left out, it stays as it was." })),
      if_version: t.Optional(
        nullable(t.String(), "Only over this version; null: only when there is none. Otherwise 409."),
      ),
      ttl_seconds: t.Optional(
        t.Number({
          exclusiveMinimum: 0,
          maximum: LONGEST_TTL_SECONDS,
          description: "Seconds after which it is gone. Left out, it stays.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

export interface IntegrationStoreRoutes {
  store: IntegrationStore;
  integrations: { statusOf(id: string): string | undefined };
  auth: Auth;
  route: RouteOptions;
}

export function integrationStoreRoutes({ store, integrations, auth, route }: IntegrationStoreRoutes) {
  /** Whether the key may write this very store by name, as the integration's own does. No other key reads its secrets, an admin's included. */
  const isOwn = async (request: Request, id: string): Promise<boolean> => {
    const { scopes } = await auth.authenticate(request);
    return scopes.includes(SCOPES.write.replace("{id}", id));
  };

  /** `integrations:write` covers every scope of a store, yet what is kept may decide what only an admin may. */
  const refuseOthers = async (request: Request, id: string): Promise<void> => {
    const { scopes } = await auth.authenticate(request);
    // What the route itself asks for has been checked: a key that may only read does not come here with a write.
    const isNamed = Object.values(SCOPES).some((scope) => scopes.includes(scope.replace("{id}", id)));
    if (covers(scopes, ADMIN) || isNamed) return;
    throw new HeddleError("forbidden", `The API key names the store of "${id}" in none of its scopes.`);
  };

  const of = async (request: Request, id: string) => {
    await refuseOthers(request, id);
    if (integrations.statusOf(id) === undefined) {
      throw notFound("integration", id);
    }
    return store.of(id);
  };
  return new Elysia({ prefix: "/api/v1/integrations", normalize: false })
    .get(
      "/:id/store",
      async ({ params, query, request }) => {
        const store = await of(request, params.id);
        const seesSecrets = await isOwn(request, params.id);
        const { prefix = "", after } = query;
        const cursor = cursorIn(query.cursor, after);
        const read = async (page: { limit: number; cursor?: string }) => {
          const entries = await store.list({ prefix, after: page.cursor, limit: page.limit });
          return entries.map((one) => ({ ...one, id: one.key }));
        };
        return pageOfRows("entries", { limit: query.limit, ...cursor }, read, ({ key, value, secret }) => ({
          key,
          value: secret && !seesSecrets ? null : value,
          secret,
        }));
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: SCOPES.read,
          tag,
          summary: "List what an integration keeps",
          description: "By key.",
          key: "entries",
          Item: Entry,
          query: {
            prefix: t.Optional(t.String()),
            after: t.Optional(
              t.String({ description: "The older name of `cursor`: the last key of a page." }),
            ),
            ...setupPage(1000),
          },
          fails: [404],
        }),
        params: t.Object({ id: t.String() }),
      },
    )
    .get(
      "/:id/store/:key",
      async ({ params, request }) => {
        const held = await (await of(request, params.id)).read(params.key);
        if (!held) throw notFound("value", params.key);
        if (held.secret && !(await isOwn(request, params.id))) {
          throw new HeddleError(
            "forbidden",
            `"${params.key}" is a secret, which only the integration reads.`,
          );
        }
        return held;
      },
      {
        ...route.plain({
          of: "integration",
          scope: SCOPES.read,
          tag,
          summary: "Fetch a value that an integration keeps",
        }),
        params: Params,
        response: { 200: Held, ...failures(403, 404, 422) },
      },
    )
    .put(
      "/:id/store/:key",
      async ({ params, body, request, status }) => {
        const { value, secret, if_version: ifVersion, ttl_seconds: ttlSeconds } = body;
        if (
          !(await (await of(request, params.id)).write(params.key, value, { secret, ifVersion, ttlSeconds }))
        )
          throw changed(params.key);
        return status(204, undefined);
      },
      {
        ...route.json({
          of: "integration",
          scope: SCOPES.write,
          tag,
          summary: "Keep a value for an integration",
          example: { value: "2026-01-01T00:00:00Z" },
        }),
        params: Params,
        body: Write,
        response: { 204: t.Void({ description: "Kept." }), ...failures(...bodyFailures, 404, 409) },
      },
    )
    .delete(
      "/:id/store/:key",
      async ({ params, query, request, status }) => {
        const own = await of(request, params.id);
        if (await own.remove(params.key, { ifVersion: query.if_version })) return status(204, undefined);
        if (query.if_version !== undefined) throw changed(params.key);
        throw notFound("value", params.key);
      },
      {
        ...route.plain({
          of: "integration",
          scope: SCOPES.write,
          tag,
          summary: "Delete a value that an integration keeps",
        }),
        params: Params,
        query: t.Object(
          { if_version: t.Optional(t.String({ description: "Only this version; otherwise 409." })) },
          { additionalProperties: false },
        ),
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

const changed = (key: string) =>
  new HeddleError("conflict", `The value "${key}" is not the one that it was thought to be.`);
