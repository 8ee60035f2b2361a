import { Elysia, t } from "elysia";
import { LINE_SOURCES, PROCESS_STATES } from "../../../../db/schema.ts";
import { LINES_KEPT, type StoredLine } from "../../../../processes/lines.ts";
import type { ProcessStatus } from "../../../../processes/process-status.ts";
import type { Processes } from "../../../../processes/supervisor.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import type { Auth } from "../../../auth.ts";
import { EVENT_STREAM, type StreamEvent } from "../../event-stream.ts";
import { cursorIn, listRoute, pageOfRows } from "../../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { Instant, InstantOf, instant, instantOrNull, limitOf, nullable, oneOf } from "../../schemas.ts";

const tag = "Processes";
const Params = t.Object({ id: t.String({ description: "The integration's id." }) });

const ProcessAnswer = named(
  "Process",
  t.Object({
    integration_id: t.String({ description: "The integration that it belongs to." }),
    description: t.String({ description: "What it does." }),
    status: t.String({ description: "running or stopped: whether there is a process now." }),
    state: oneOf(
      PROCESS_STATES,
      "waiting: a required setting has no value. backing_off: it crashed and is started again at `next_start_at`. crash_looping: it crashed ten times in a row and stays down until it is started, or its code or settings change.",
    ),
    pid: nullable(t.Integer(), "Its process id; null if it is not running."),
    started_at: nullable(Instant, "When it was last started."),
    uptime_seconds: nullable(t.Integer(), "Seconds since it was started; null if it is not running."),
    exit_code: nullable(t.Integer(), "Exit code of the last run; null if a signal ended it."),
    signal: nullable(t.String(), "The signal that ended the last run, if one did."),
    restart_count: t.Integer({ description: "How often it was restarted after a crash." }),
    last_error: nullable(t.String(), "The reason of the last crash."),
    next_start_at: nullable(Instant, "When it is started again after a crash; null if it is not."),
    memory_bytes: nullable(
      t.Integer(),
      "Resident memory, including child processes; measured every few seconds.",
    ),
    memory_limit_mb: nullable(t.Number(), "Megabytes above which it is restarted; null: no limit."),
    confinement: nullable(
      t.Union([t.Literal("bubblewrap"), t.Literal("landlock"), t.Literal("none")]),
      "What confines it, away from the server's files and processes; null if another server runs it.",
    ),
    missing_settings: t.Array(t.String(), { description: "Names in REQUIRED_ENV that have no value." }),
    auto_start: t.Boolean({ description: "Whether it starts automatically." }),
  }),
);

const LineAnswer = named(
  "LogLine",
  t.Object({
    id: t.Integer({
      description: "Increases with each line; pass it as `cursor`, or as the stream's Last-Event-ID.",
    }),
    at: InstantOf("When it was written."),
    source: oneOf(LINE_SOURCES, "stdout, stderr, or heddle for lines of the supervisor."),
    text: t.String({ description: "The line." }),
  }),
);

/** Errors name the parameter by the schema's title. */
const LineId = (description: string, title = "cursor") => t.Integer({ title, minimum: 0, description });

const AutoStart = named(
  "AutoStart",
  t.Object(
    { enabled: t.Boolean({ description: "Whether it starts automatically." }) },
    { additionalProperties: false },
  ),
);
const AutoStartAnswer = named(
  "AutoStartState",
  t.Object({
    integration_id: t.String({ description: "The integration that it belongs to." }),
    auto_start: t.Boolean({ description: "Whether it starts automatically." }),
  }),
);

export interface ProcessRoutes {
  processes: Omit<Processes, "supervise" | "close">;
  auth: Pick<Auth, "validityOf">;
  route: RouteOptions;
  now?: () => number;
}

export function processRoutes({ processes, auth, route, now = Date.now }: ProcessRoutes) {
  const answer = (status: ProcessStatus) => present(status, now());
  return new Elysia({ prefix: "/api/v1/admin/integrations/:id/process", normalize: false })
    .get("", async ({ params: { id } }) => answer(await processes.status(id)), {
      ...route.plain({
        of: "integration",
        scope: "integrations:read",
        tag,
        summary: "Fetch the state of a background process",
      }),
      params: Params,
      response: { 200: ProcessAnswer, ...failures(403, 404) },
    })
    .post("/start", async ({ params: { id } }) => answer(await processes.start(id)), {
      ...route.plain({
        of: "integration",
        scope: "admin",
        tag,
        summary: "Start a background process",
        description: "409 if it is running, or if a required setting has no value.",
      }),
      params: Params,
      response: { 200: ProcessAnswer, ...failures(403, 404, 409, 503) },
    })
    .post("/stop", async ({ params: { id } }) => answer(await processes.stop(id)), {
      ...route.plain({
        of: "integration",
        scope: "admin",
        tag,
        summary: "Stop a background process",
        description:
          "Answers when the process and its children have ended: SIGTERM, then SIGKILL after ten seconds. It stays down until it is started or the server restarts; 409 if it is not running.",
      }),
      params: Params,
      response: { 200: ProcessAnswer, ...failures(403, 404, 409, 503) },
    })
    .post("/restart", async ({ params: { id } }) => answer(await processes.restart(id)), {
      ...route.plain({
        of: "integration",
        scope: "admin",
        tag,
        summary: "Restart a background process",
        description: "Starts it if it is not running; 409 if a required setting has no value.",
      }),
      params: Params,
      response: { 200: ProcessAnswer, ...failures(403, 404, 409, 503) },
    })
    .get("/auto-start", async ({ params: { id } }) => presentAutoStart(await processes.status(id)), {
      ...route.plain({
        of: "integration",
        scope: "integrations:read",
        tag,
        summary: "Fetch whether a background process starts automatically",
        description: "With automatic start, it starts as soon as each setting in REQUIRED_ENV has a value.",
      }),
      params: Params,
      response: { 200: AutoStartAnswer, ...failures(403, 404) },
    })
    .put(
      "/auto-start",
      async ({ params: { id }, body: { enabled } }) => {
        await processes.setAutoStart(id, enabled);
        return presentAutoStart(await processes.status(id));
      },
      {
        ...route.json({
          of: "integration",
          scope: "admin",
          tag,
          summary: "Turn automatic start on or off",
          example: { enabled: true },
          description: "A running process is not affected.",
        }),
        params: Params,
        body: AutoStart,
        response: { 200: AutoStartAnswer, ...failures(...bodyFailures, 404) },
      },
    )
    .get(
      "/logs",
      async ({ params: { id }, query }) => {
        await processes.status(id);
        const { lines } = processes;
        const { cursor } = cursorIn(query.cursor, query.after);
        const read = () => (cursor === undefined ? lines.last(id, query.limit) : lines.after(id, cursor));
        return pageOfRows("lines", query, read, presentLine);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: "logs:read",
          tag,
          summary: "List the latest output lines",
          description:
            "Returns the newest lines, oldest first; the last 1,000 are kept. With a line's id as `cursor`, returns the lines after it. Known secrets, and what has the form of one, are redacted.",
          key: "lines",
          Item: LineAnswer,
          query: {
            limit: limitOf(500, LINES_KEPT),
            cursor: t.Optional(LineId("`next_cursor` of the previous page, or any line's id.")),
            after: t.Optional(LineId("The former name of `cursor`.", "after")),
          },
          fails: [404],
        }),
        params: Params,
      },
    )
    .get(
      "/logs/stream",
      async ({ params: { id }, request }) => {
        await processes.status(id);
        const batches = follow(processes, id, lastEventId(request));
        return route.stream({
          batches,
          signal: processes.signal,
          validity: auth.validityOf(request),
        });
      },
      {
        ...route.plain({
          of: "integration",
          scope: "logs:read",
          tag,
          summary: "Follow the output lines",
          description: `Answers with ${EVENT_STREAM}: one event \`line\` per line, starting with the last 1,000. Last-Event-ID resumes.`,
        }),
        params: Params,
        response: {
          200: t.Any({ description: "Server-sent events.", contentMediaType: EVENT_STREAM }),
          ...failures(403, 404),
        },
      },
    );
}

async function* follow(
  { lines, has }: Pick<Processes, "lines" | "has">,
  id: string,
  after: number,
): AsyncGenerator<StreamEvent[], undefined> {
  for (let last = after; has(id); ) {
    // Subscribed before reading, so that a line written in between wakes the loop.
    const more = lines.more(id);
    const found = await lines.after(id, last);
    if (found.length === 0) await more;
    else yield found.map((line) => ({ id: String(line.id), event: "line", data: presentLine(line) }));
    last = found.at(-1)?.id ?? last;
  }
}

/** Returns 0, the beginning, for anything that is not a line's number. */
function lastEventId(request: Request): number {
  const id = request.headers.get("last-event-id") ?? "";
  return /^\d{1,15}$/.test(id) ? Number(id) : 0;
}

const presentLine = ({ id, created_at, source, text }: StoredLine) => ({
  id,
  at: instant(created_at),
  source,
  text,
});

const presentAutoStart = ({ integrationId, autoStart }: ProcessStatus) => ({
  integration_id: integrationId,
  auto_start: autoStart,
});

const present = (status: ProcessStatus, now: number) => ({
  integration_id: status.integrationId,
  description: status.description,
  status: status.pid === null ? "stopped" : "running",
  state: status.state,
  pid: status.pid,
  started_at: instantOrNull(status.startedAt),
  uptime_seconds: status.startedAt && Math.max(0, Math.floor((now - status.startedAt.getTime()) / 1000)),
  exit_code: status.exitCode,
  signal: status.signal,
  restart_count: status.restarts,
  last_error: status.lastError,
  next_start_at: instantOrNull(status.nextStartAt),
  memory_bytes: status.memoryBytes,
  memory_limit_mb: status.memoryLimitMb,
  confinement: status.confinement,
  missing_settings: status.missing,
  auto_start: status.autoStart,
});
