// What the server is, and how it is configured.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../access/scopes.ts";
import type { AsRead } from "../../../db/as-read.ts";
import type { Database } from "../../../db/database.ts";
import { HeddleError } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { InstantOf, instant, nullable, oneOf } from "../schemas.ts";

const tag = "Server";

/** Of some there may be millions. */
const MOST_COUNTED = 1_000_000;
const COUNTED = {
  bots: "bots",
  channels: "channels",
  sessions: "sessions",
  runs: "tasks",
  deliveries: "deliveries",
  documents: "documents",
  webhooks: "inbox_events",
} as const;

const AboutAnswer = named(
  "About",
  t.Object({
    version: t.String({ description: "Of Heddle." }),
    commit: nullable(t.String(), "The git commit; null when it runs from source."),
    platform: t.String({ description: "Operating system and processor." }),
    started_at: InstantOf("When the server started."),
    base_url: nullable(t.String(), "BASE_URL, if it is set or stored."),
    home: t.String({ description: "The folder that holds everything." }),
    model: nullable(t.String(), "The default model and its host; null: the offline provider answers."),
    database: t.Object(
      {
        kind: oneOf(["embedded", "postgres"], "Inside the server, or a PostgreSQL server."),
        version: t.String({ description: "Of PostgreSQL." }),
        size_bytes: t.Integer({ description: "Its size on disk." }),
      },
      { description: "The database." },
    ),
    counts: t.Record(t.String(), t.Integer(), {
      description: `How many ${Object.keys(COUNTED).join(", ")} there are; more than ${MOST_COUNTED} are not counted.`,
    }),
    license: t.String({ description: "Of Heddle." }),
  }),
);

const SettingAnswer = named(
  "ServerSetting",
  t.Object({
    name: t.String({ description: "The variable." }),
    group: t.String({ description: "What it is about, with others." }),
    description: t.String({ description: "What it is for." }),
    default: nullable(t.String(), "What applies without it, in words; null: nothing."),
    value: nullable(t.String(), "Null if it is not set, or is a secret."),
    is_set: t.Boolean({ description: "Whether it has a value." }),
    secret: t.Boolean({ description: "Whether its value is never shown." }),
    source: nullable(
      oneOf(["flag", "environment", "file", "stored"]),
      "Where its value comes from; file: .env in the home. Null: it is not set.",
    ),
    can_be_stored: t.Boolean({ description: "Whether the API can set it now." }),
  }),
);

export interface ServerSetting {
  name: string;
  group: string;
  description: string;
  default: string | null;
  value: string | null;
  is_set: boolean;
  secret: boolean;
  source: "flag" | "environment" | "file" | "stored" | null;
  can_be_stored: boolean;
}

/** BASE_URL */
interface StoredAddress {
  current(): string | undefined;
  version(): string;
  store(value: string, asRead: AsRead): Promise<void>;
  remove(asRead: AsRead): Promise<void>;
}

export interface ServerFacts {
  commit: string | null;
  platform: string;
  startedAt: Date;
  home: string;
  model: () => string | undefined;
  settings: () => readonly ServerSetting[];
  publicUrl: StoredAddress;
  /** The licences of what ships with Heddle. */
  notice: () => Promise<Blob | undefined>;
}

export interface AboutRoutes {
  version: string;
  db: Pick<Database, "kind" | "execute">;
  server: ServerFacts;
  route: RouteOptions;
}

export function aboutRoutes({ version, db, server, route }: AboutRoutes) {
  return new Elysia({ prefix: "/api/v1", normalize: false })
    .get(
      "/about",
      async () => {
        const counts = Object.entries(COUNTED).map(
          ([name, table]) =>
            `(select count(*)::int from (select from ${table} limit ${MOST_COUNTED}) few) as ${name}`,
        );
        const { rows } = await db.execute(
          `select current_setting('server_version') as version,
            pg_database_size(current_database())::float8 as size, ${counts.join(", ")}`,
        );
        return {
          version,
          commit: server.commit,
          platform: server.platform,
          started_at: instant(server.startedAt),
          base_url: server.publicUrl.current() ?? null,
          home: server.home,
          model: server.model() ?? null,
          database: {
            kind: db.kind,
            version: String(rows[0]?.version),
            size_bytes: Number(rows[0]?.size),
          },
          counts: Object.fromEntries(Object.keys(COUNTED).map((name) => [name, Number(rows[0]?.[name])])),
          license: "MIT",
        };
      },
      {
        ...route.plain({ scope: "settings:read", tag, summary: "Say what the server is" }),
        response: { 200: AboutAnswer, ...failures(403) },
      },
    )
    .get(
      "/about/licenses",
      async ({ set }) => {
        const notice = await server.notice();
        if (!notice) throw new HeddleError("not_found", "This build has no list of licences.");
        set.headers["content-type"] = "text/plain; charset=utf-8";
        return notice.text();
      },
      {
        ...route.plain({
          scope: "settings:read",
          tag,
          summary: "Fetch the licences of what ships with Heddle",
        }),
        response: {
          200: t.String({ description: "Text.", contentMediaType: "text/plain" }),
          ...failures(403, 404),
        },
      },
    )
    .get(
      "/settings",
      ({ query, set }) => {
        set.headers.etag = versionTag(server.publicUrl);
        return pageOfItems("settings", query, server.settings(), ({ name }) => name);
      },
      listRoute(route, {
        scope: "settings:read",
        tag,
        summary: "List the server's own settings",
        description:
          "Variables and flags, which take effect at a start, and what is stored. Those of integrations are elsewhere. The ETag is the version of what is stored.",
        key: "settings",
        Item: SettingAnswer,
        query: SETUP,
      }),
    )
    .use(storedSettings({ server, route }));
}

/** Of the server's own settings those that need no start: its public address. */
function storedSettings({ server: { publicUrl, settings }, route }: Pick<AboutRoutes, "server" | "route">) {
  const shown = () => settings().find(({ name }) => name === "BASE_URL") as ServerSetting;
  return new Elysia({ normalize: false })
    .put(
      "/settings/BASE_URL",
      async ({ body, headers, set }) => {
        await publicUrl.store(body.value, asRead(headers));
        set.headers.etag = versionTag(publicUrl);
        return shown();
      },
      {
        ...route.json({
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Store the server's public address",
          description:
            "It takes effect at once: for the addresses of webhooks, for signing in, and for services that send people back. 409 if a flag or a variable sets BASE_URL, which counts more.",
          example: { value: "https://heddle.example.com" },
        }),
        ...IF_MATCH,
        body: t.Object(
          { value: t.String({ minLength: 1, maxLength: 500, description: "The address." }) },
          { additionalProperties: false },
        ),
        response: { 200: SettingAnswer, ...failures(...bodyFailures, 409, 412) },
      },
    )
    .delete(
      "/settings/BASE_URL",
      async ({ headers, status }) => {
        await publicUrl.remove(asRead(headers));
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Remove the stored public address",
        }),
        ...IF_MATCH,
        response: { 204: t.Void({ description: "Removed." }), ...failures(403, 404, 412) },
      },
    );
}

const versionTag = ({ version }: StoredAddress): string => `"${version()}"`;
