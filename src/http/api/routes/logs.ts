import { setTimeout as sleep } from "node:timers/promises";
import { Elysia, t } from "elysia";
import { LOG_LEVELS } from "../../../log.ts";
import type { KeptLine, LogBuffer } from "../../../log-buffer.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Auth } from "../../auth.ts";
import { EVENT_STREAM, type StreamEvent } from "../event-stream.ts";
import { listRoute } from "../list.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { InstantOf, instant, JsonOf, limitOf, nullable, oneOf } from "../schemas.ts";

const tag = "Logs";

const LineAnswer = named(
  "ServerLogLine",
  t.Object({
    id: t.Integer({ description: "Increases with each line, and begins anew with the server." }),
    at: InstantOf("When it was written."),
    level: t.String({ description: "debug, info, warning or error." }),
    part: t.String({ description: "The part of the server that wrote it: http, dispatch, worker, …" }),
    message: t.String({
      description: "The line; known secrets, and what has the form of one, are redacted.",
    }),
    correlation_id: nullable(t.String(), "Of the run or delivery during which it was written."),
    properties: JsonOf("Its facts."),
  }),
);

const FILTERS = {
  part: t.Optional(t.String({ maxLength: 100, description: "Only lines of this part." })),
  level: t.Optional(oneOf(LOG_LEVELS, "Only lines of at least this level.")),
  q: t.Optional(t.String({ maxLength: 200, description: "Only lines that contain this text." })),
  correlation_id: t.Optional(
    t.String({ maxLength: 100, description: "Only lines of the runs and deliveries with this id." }),
  ),
};

export interface LogRoutes {
  logs: LogBuffer;
  /** Aborted when the server stops. */
  signal: AbortSignal;
  auth: Pick<Auth, "validityOf">;
  route: RouteOptions;
}

export function logRoutes({ logs, signal, auth, route }: LogRoutes) {
  return new Elysia({ prefix: "/api/v1/logs", normalize: false })
    .get(
      "",
      ({ query: { limit, cursor, ...filters } }) => {
        const wanted = logs.before(cursor).filter(matching(filters));
        const page = wanted.slice(0, limit);
        const next = wanted.length > limit ? String(page.at(-1)?.id) : null;
        return { lines: page.map(present), next_cursor: next };
      },
      listRoute(route, {
        scope: "logs:read",
        tag,
        summary: "List the latest lines of the server's log",
        description: "Newest first, of the server that answers; the last 2,000 are kept.",
        key: "lines",
        Item: LineAnswer,
        query: {
          ...FILTERS,
          limit: limitOf(500, 1_000),
          cursor: t.Optional(
            t.Integer({ title: "cursor", minimum: 0, description: "`next_cursor` of the previous page." }),
          ),
        },
      }),
    )
    .get(
      "/stream",
      ({ query, request }) => {
        const stop = new AbortController();
        const ended = AbortSignal.any([signal, stop.signal]);
        const given = request.headers.get("last-event-id");
        // Read now: the stream begins when its client takes the first of it.
        const from = given !== null && /^\d{1,15}$/.test(given) ? Number(given) : logs.last();
        return route.stream({
          batches: follow(logs, from, { wants: matching(query), signal: ended }),
          signal: ended,
          validity: auth.validityOf(request),
          onEnd: () => stop.abort(),
        });
      },
      {
        ...route.plain({
          scope: "logs:read",
          tag,
          summary: "Follow the server's log",
          description: `Answers with ${EVENT_STREAM}: one event \`line\` per line. Last-Event-ID resumes.`,
        }),
        query: t.Object(FILTERS, { additionalProperties: false }),
        response: {
          200: t.Any({ description: "Server-sent events.", contentMediaType: EVENT_STREAM }),
          ...failures(403),
        },
      },
    );
}

const BATCH = 500;
/** Lines that come within this time are sent together. */
const LINGER_MS = 100;

async function* follow(
  logs: LogBuffer,
  from: number,
  { wants, signal }: { wants: (line: KeptLine) => boolean; signal: AbortSignal },
): AsyncGenerator<StreamEvent[], undefined> {
  let last = from;
  while (!signal.aborted) {
    const lines = logs.after(last, BATCH);
    last = lines.at(-1)?.id ?? last;
    const events = lines
      .filter(wants)
      .map((line) => ({ id: String(line.id), event: "line", data: present(line) }));
    if (events.length > 0) yield events;
    if (lines.length === BATCH) continue;
    await logs.more(last, signal);
    await sleep(LINGER_MS);
  }
  return undefined;
}

interface Filters {
  part?: string;
  level?: (typeof LOG_LEVELS)[number];
  q?: string;
  correlation_id?: string;
}

function matching({ part, level = "debug", q = "", correlation_id }: Filters): (line: KeptLine) => boolean {
  const least = LOG_LEVELS.indexOf(level);
  const text = q.toLowerCase();
  return (line) =>
    (part === undefined || line.part === part) &&
    (correlation_id === undefined || line.correlation_id === correlation_id) &&
    LOG_LEVELS.indexOf(line.level as never) >= least &&
    line.message.toLowerCase().includes(text);
}

const present = ({ at, ...line }: KeptLine) => ({ ...line, at: instant(at) });
