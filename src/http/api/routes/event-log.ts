import { Elysia, t } from "elysia";
import { covers } from "../../../access/scopes.ts";
import type { Database } from "../../../db/database.ts";
import { HeddleError } from "../../../errors.ts";
import { readCursor } from "../../../events/cursor.ts";
import type { Events } from "../../../events/events.ts";
import { CUSTOM } from "../../../events/publish.ts";
import type { Auth } from "../../auth.ts";
import { type FeedOptions, feed } from "../event-feed.ts";
import { createEventReach } from "../event-reach.ts";
import { EVENT_STREAM } from "../event-stream.ts";
import { INTEGRATION_FILTER, integrationIn } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { Id } from "../schemas.ts";

/** The first word of a type, and the scope that it needs. */
const FAMILIES: Record<string, string> = {
  task: "tasks:read",
  turn: "tasks:read",
  text: "tasks:read",
  tool: "tasks:read",
  delivery: "deliveries:read",
  inbox: "inbox:read",
  process: "integrations:read",
  integration: "integrations:read",
  budget: "budgets:read",
  approval: "approvals:read",
  mcp: "mcp_servers:read",
  coding_agent: "coding_agents:read",
  person: "people:read",
  eval: "evals:read",
  // An integration's own events say themselves what they need.
  [CUSTOM]: "tasks:read",
};
const NAMES = Object.keys(FAMILIES).join(", ");

export interface EventLogRoutes {
  db: Pick<Database, "query">;
  events: Pick<Events, "open" | "changed" | "live" | "isLost">;
  /** Aborted when the server stops. */
  signal: AbortSignal;
  auth: Auth;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function eventLogRoutes({ db, events, signal, auth, ownership, route }: EventLogRoutes) {
  return new Elysia({ prefix: "/api/v1/events", normalize: false }).get(
    "",
    async ({ query, request }) => {
      const { scopes } = await auth.authenticate(request);
      const reach = await ownership.reachOf(request);
      const given = request.headers.get("last-event-id") || query.last_event_id;
      const stop = new AbortController();
      const ended = AbortSignal.any([signal, stop.signal]);
      return route.stream({
        batches: feed({
          events,
          from: given === undefined ? undefined : readCursor(given),
          wants: selection({ ...query, integration: integrationIn(query) }, scopes),
          sees: createEventReach(db, reach),
          signal: ended,
        }),
        signal: ended,
        validity: auth.validityOf(request),
        onEnd: () => stop.abort(),
      });
    },
    {
      ...route.plain({
        scope: "tasks:read",
        tag: "Events",
        summary: "Follow what happens",
        description: `Answers with ${EVENT_STREAM}. Last-Event-ID resumes. Types of deliveries, webhooks, processes and integrations need the scopes of their lists as well, and what integrations publish (${CUSTOM}) that of their GET routes.`,
      }),
      query: t.Object(
        {
          types: t.Optional(
            t.String({
              description: `Types or their first words, with commas: "task,tool.failed". Default: all of ${NAMES}.`,
            }),
          ),
          task_id: t.Optional(Id),
          session_id: t.Optional(Id),
          channel_id: t.Optional(Id),
          bot_id: t.Optional(t.String({ description: "Only events of this bot." })),
          ...INTEGRATION_FILTER,
          last_event_id: t.Optional(t.String({ description: "For clients that cannot send the header." })),
        },
        { additionalProperties: false },
      ),
      response: {
        200: t.Any({ description: "Server-sent events.", contentMediaType: EVENT_STREAM }),
        ...failures(403),
      },
    },
  );
}

interface Filters {
  types?: string;
  task_id?: string;
  session_id?: string;
  channel_id?: string;
  bot_id?: string;
  integration?: string | undefined;
}

/** Throws `validation` for a type that does not exist, and `forbidden` for one that the key may not read. */
function selection(
  { types, integration, ...fields }: Filters,
  scopes: readonly string[],
): FeedOptions["wants"] {
  const wanted = types?.split(",").map((type) => type.trim());
  for (const type of wanted ?? []) {
    const scope = FAMILIES[type.split(".", 1)[0] ?? ""];
    if (scope === undefined) {
      throw new HeddleError("validation", `types must begin with one of ${NAMES}; got "${type}".`, {
        field: "types",
      });
    }
    if (!covers(scopes, scope)) {
      throw new HeddleError("forbidden", `Events of the type "${type}" need the scope ${scope}.`);
    }
  }
  const families = new Set(Object.keys(FAMILIES).filter((family) => covers(scopes, FAMILIES[family] ?? "")));
  const filters = Object.entries({ ...fields, integration_id: integration }).filter(
    (entry): entry is [keyof Parameters<FeedOptions["wants"]>[0], string] =>
      entry[1] !== undefined && entry[0] !== "last_event_id",
  );
  return (event) => {
    const family = event.type.split(".", 1)[0] ?? "";
    if (!families.has(family)) return false;
    if (event.scope && !covers(scopes, event.scope)) return false;
    if (wanted && !wanted.includes(family) && !wanted.includes(event.type)) return false;
    return filters.every(([field, value]) => event[field]?.toLowerCase() === value.toLowerCase());
  };
}
