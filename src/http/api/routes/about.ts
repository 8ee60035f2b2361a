// What the server is, and how it is configured.

import { Elysia, t } from "elysia";
import type { Database } from "../../../db/database.ts";
import { HeddleError } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import { failures, type RouteOptions } from "../route-options.ts";
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
    base_url: nullable(t.String(), "BASE_URL, if it is set."),
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
      oneOf(["flag", "environment", "file"]),
      "Where its value comes from; file: .env in the home. Null: it is not set.",
    ),
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
  source: "flag" | "environment" | "file" | null;
}

export interface ServerFacts {
  commit: string | null;
  platform: string;
  startedAt: Date;
  home: string;
  model: () => string | undefined;
  settings: readonly ServerSetting[];
  /** The licences of what ships with Heddle. */
  notice: () => Promise<Blob | undefined>;
}

export interface AboutRoutes {
  version: string;
  publicUrl?: string | undefined;
  db: Pick<Database, "kind" | "execute">;
  server: ServerFacts;
  route: RouteOptions;
}

export function aboutRoutes({ version, publicUrl, db, server, route }: AboutRoutes) {
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
          base_url: publicUrl ?? null,
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
      ({ query }) => pageOfItems("settings", query, server.settings, ({ name }) => name),
      listRoute(route, {
        scope: "settings:read",
        tag,
        summary: "List the server's own settings",
        description: "Variables and flags; they take effect at a start. Those of integrations are elsewhere.",
        key: "settings",
        Item: SettingAnswer,
        query: SETUP,
      }),
    );
}
