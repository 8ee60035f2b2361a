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

const Params = t.Object({
  id: t.String({ description: "The integration's id." }),
  key: t.String({ minLength: 1, maxLength: 255, description: "The name of the value." }),
});
const entry = {
  key: t.String({ description: "The name of the value." }),
  value: t.Any({ description: "Any JSON; null for a secret unless the key is the integration's own." }),
  secret: t.Boolean({ description: "Whether it is encrypted." }),
};
const Entry = named("StoreEntry", t.Object(entry));
const Held = named(
  "StoredValue",
  t.Object({
    ...entry,
    version: t.String({ description: "Pass it as `if_version`; it changes with every write." }),
  }),
);
const Write = named(
  "StoreWrite",
  t.Object(
    {
      value: t.Any({ description: "Any JSON of at most 256 kB." }),
      secret: t.Optional(t.Boolean({ description: "Whether to encrypt the value; left out: as before." })),
      if_version: t.Optional(
        nullable(
          t.String(),
          "Write only if the stored value has this version, or, with null, only if there is none; otherwise 409.",
        ),
      ),
      ttl_seconds: t.Optional(
        t.Number({
          exclusiveMinimum: 0,
          maximum: LONGEST_TTL_SECONDS,
          description: "Seconds after which the value expires; left out: never.",
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
  /** Whether the key names this very store. No other key, not even an admin's, may read its secrets. */
  const isOwn = async (request: Request, id: string): Promise<boolean> => {
    const { scopes } = await auth.authenticate(request);
    return scopes.includes(SCOPES.write.replace("{id}", id));
  };

  /**
   * `integrations:write` alone must not reach a store, because stored values may control what is reserved to admins.
   */
  const refuseOthers = async (request: Request, id: string): Promise<void> => {
    const { scopes } = await auth.authenticate(request);
    // The route's own scope has already been checked, so a read-only key does not get here with a write.
    const isNamed = Object.values(SCOPES).some((scope) => scopes.includes(scope.replace("{id}", id)));
    if (covers(scopes, ADMIN) || isNamed) return;
    throw new HeddleError("forbidden", `The API key needs a scope for the store of "${id}".`);
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
          summary: "List the stored values of an integration",
          description: "Sorted by key.",
          key: "entries",
          Item: Entry,
          query: {
            prefix: t.Optional(t.String({ description: "Only keys that begin with this." })),
            after: t.Optional(
              t.String({ description: "The former name of `cursor`: the last key of a page." }),
            ),
            ...setupPage(1000),
          },
          fails: [404],
        }),
        params: t.Object({ id: t.String({ description: "The integration's id." }) }),
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
            `"${params.key}" is a secret, which only the integration itself can read.`,
          );
        }
        return held;
      },
      {
        ...route.plain({
          of: "integration",
          scope: SCOPES.read,
          tag,
          summary: "Fetch a stored value of an integration",
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
          summary: "Store a value for an integration",
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
          summary: "Delete a stored value of an integration",
        }),
        params: Params,
        query: t.Object(
          { if_version: t.Optional(t.String({ description: "Delete only this version; otherwise 409." })) },
          { additionalProperties: false },
        ),
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

const changed = (key: string) =>
  new HeddleError(
    "conflict",
    `if_version must be the version of the stored value "${key}", which has changed; read it again.`,
  );
