import { Elysia, t } from "elysia";
import type { ApiKey, ApiKeys } from "../../../access/api-keys.ts";
import { SCOPE_PRESETS, type ScopePreset, seesAll } from "../../../access/scopes.ts";
import { KEY_ROWS } from "../../../db/schema.ts";
import { HeddleError, notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { NOT_BLANK } from "../../../schema/pattern-words.ts";
import type { Auth } from "../../auth.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import {
  GivenInstant,
  Id,
  IdParams,
  Instant,
  InstantOf,
  instant,
  instantOrNull,
  nullable,
  oneOf,
} from "../schemas.ts";

const tag = "API keys";

const PRESETS = Object.keys(SCOPE_PRESETS) as ScopePreset[];

const Rows = oneOf(
  KEY_ROWS,
  "own: only the channels, sessions, tasks, deliveries and documents that were created with this key.",
);

const keyFields = {
  id: Id,
  name: t.String({ description: "The name that its creator gave it." }),
  prefix: t.String({ description: "The first 12 characters, to recognise the key by." }),
  scopes: t.Array(t.String(), { description: "The scopes of the key." }),
  owner: nullable(t.String(), "What Heddle created it for, such as integration:github; null for other keys."),
  parent_id: nullable(Id, "The key that created it; revoking that key also revokes this one."),
  rows: Rows,
  expires_at: nullable(Instant, "When it stops working; null: never."),
  last_used_at: nullable(Instant, "Accurate to a minute."),
  revoked_at: nullable(Instant, "When it was revoked; null if it was not."),
  created_at: InstantOf("When it was created."),
};

export const KeyAnswer = named("ApiKey", t.Object(keyFields));
/** A new key, the only answer that contains the whole key. */
export const NewKeyAnswer = named(
  "CreatedApiKey",
  t.Object({
    ...keyFields,
    key: t.String({ description: "The whole key. It cannot be read again." }),
  }),
);

const MadeAnswer = named(
  "MadeApiKey",
  t.Object({
    ...NewKeyAnswer.properties,
    warnings: t.Array(t.String(), {
      description:
        "Scopes for tools, dispatch types and integrations that do not exist now. They take effect as soon as these exist.",
    }),
  }),
);

const NewKey = named(
  "NewApiKey",
  t.Object(
    {
      name: t.String({
        minLength: 1,
        maxLength: 200,
        pattern: NOT_BLANK,
        description: "A name by which to recognise the key.",
      }),
      scopes: t.Optional(
        t.Array(t.String(), {
          maxItems: 100,
          description: "`admin`, or `<resource>[.<part>]:read`, `:write` or `:*`. Write includes read.",
        }),
      ),
      preset: t.Optional(oneOf(PRESETS, "A ready-made set of scopes, added to `scopes`.")),
      rows: t.Optional(
        oneOf(
          KEY_ROWS,
          "Which rows the key reaches. Default: own; all for a key with the scope `admin`, and for one that cannot write such rows.",
        ),
      ),
      expires_at: t.Optional(nullable(GivenInstant(), "When it stops working; null or left out: never.")),
    },
    { additionalProperties: false },
  ),
);

export interface ApiKeyRoutes {
  apiKeys: Pick<ApiKeys, "create" | "get" | "list" | "revoke">;
  /** Returns a sentence for each scope of a tool, a dispatch type or an integration that does not exist. */
  missingInScopes: (scopes: readonly string[]) => Promise<string[]>;
  auth: Auth;
  route: RouteOptions;
}

export function apiKeyRoutes({ apiKeys, missingInScopes, auth, route }: ApiKeyRoutes) {
  return new Elysia({ prefix: "/api/v1/api-keys", normalize: false })
    .post(
      "",
      async ({ body, request, status }) => {
        const scopes = [...(body.scopes ?? []), ...(body.preset ? SCOPE_PRESETS[body.preset] : [])];
        const maker = await auth.authenticate(request);
        const made = await apiKeys.create(
          {
            name: body.name,
            scopes,
            rows: body.rows ?? (seesAll(scopes) ? maker.rows : "own"),
            expiresAt: body.expires_at ? parseInstant(body.expires_at) : null,
          },
          maker,
        );
        return status(201, { ...presentKey(made), key: made.key, warnings: await missingInScopes(scopes) });
      },
      {
        ...route.json({
          scope: "api_keys:write",
          isGrave: true,
          tag,
          summary: "Create an API key",
          example: { name: "dashboard", preset: "read_only" },
          description:
            "Only this answer contains the key. It cannot have more scopes than yours, nor outlive it.",
        }),
        body: NewKey,
        response: {
          201: MadeAnswer,
          ...failures(...bodyFailures),
        },
      },
    )
    .get(
      "",
      ({ query: { live, ...query } }) =>
        pageOfRows("api_keys", query, (page) => apiKeys.list({ ...page, isLive: live ?? false }), presentKey),
      listRoute(route, {
        scope: "api_keys:read",
        tag,
        summary: "List API keys",
        description: "Newest first, including revoked keys.",
        key: "api_keys",
        Item: KeyAnswer,
        query: {
          ...ROWS,
          live: t.Optional(t.Boolean({ description: "Only keys that are neither revoked nor expired." })),
        },
      }),
    )
    .get(
      "/:id",
      async ({ params }) => {
        const key = await apiKeys.get(params.id);
        if (!key) throw notFound("API key", params.id);
        return presentKey(key);
      },
      {
        ...route.plain({ scope: "api_keys:read", tag, summary: "Fetch an API key" }),
        params: IdParams,
        response: { 200: KeyAnswer, ...failures(403, 404, 422) },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        if (!(await apiKeys.revoke(params.id, await auth.authenticate(request))))
          throw notFound("API key", params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: "api_keys:write",
          isGrave: true,
          tag,
          summary: "Revoke an API key",
          description:
            "The key, all keys that it created, sign-ins with it and streams that it opened end at once.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Revoked." }), ...failures(403, 404, 422) },
      },
    );
}

function parseInstant(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new HeddleError("validation", "expires_at must be a date and time such as 2026-11-27T10:00:00Z.", {
      field: "expires_at",
    });
  }
  return date;
}

export const presentKey = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  scopes: key.scopes,
  owner: key.owner,
  parent_id: key.parent_id,
  rows: key.rows,
  expires_at: instantOrNull(key.expires_at),
  last_used_at: instantOrNull(key.last_used_at),
  revoked_at: instantOrNull(key.revoked_at),
  created_at: instant(key.created_at),
});
