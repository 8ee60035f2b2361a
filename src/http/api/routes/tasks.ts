import { Elysia, t } from "elysia";
import { TASK_STATUSES, WHEN_BUSY } from "../../../db/schema.ts";
import { notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { maskConfig } from "../../../secrets/mask.ts";
import type { ContinueLoop } from "../../../sessions/continue-loop.ts";
import { askerOf } from "../../../sessions/end-delegated.ts";
import type { Rerun } from "../../../sessions/rerun.ts";
import type { TaskRow, Tasks } from "../../../sessions/tasks.ts";
import { BulkAnswer, bulkBody, runBulk } from "../bulk.ts";
import { listRoute, pageOfRows, ROWS, timesIn } from "../list.ts";
import { Injected } from "../message-body.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import {
  GivenInstant,
  Id,
  IdParams,
  Instant,
  InstantOf,
  instant,
  instantOrNull,
  JsonFields,
  listOfIds,
  nullable,
  oneOf,
} from "../schemas.ts";

const tag = "Tasks";
/** How many characters of prompt and result a list shows. */
const EXCERPT = 500;

const Status = oneOf(TASK_STATUSES);

const TaskAnswer = named(
  "Task",
  t.Object({
    id: Id,
    status: {
      ...Status,
      description:
        "pending: it waits. running: a worker runs it. waiting: for a person's decision on a call, or for results of the client's own tools or of work that it has delegated to another bot. complete, failed, cancelled and merged (another task's run answers its message) are final.",
    },
    bot_id: t.String({ description: "The bot that runs." }),
    session_id: Id,
    channel_id: Id,
    message_id: Id,
    correlation_id: t.String({ description: "One id from the webhook to the delivery." }),
    source: nullable(t.String(), "Where its message came from."),
    prompt: t.String({ description: "The message that the bot answers." }),
    result: nullable(t.String(), "The answer; null unless it is complete."),
    error: nullable(t.String(), "Why it failed; null if it did not."),
    error_code: nullable(t.String(), "The error as a code for programs."),
    when_busy: oneOf(WHEN_BUSY, "What becomes of its message during a run."),
    merged_into: nullable(Id, "The task whose run answers its message; null if it has its own."),
    warnings: t.Array(t.String(), {
      description: "What the run had to do without, such as skills, tools or carapaces that do not exist.",
    }),
    delegation_task_id: nullable(
      Id,
      "The run that gave it this work and gets its answer; null if its message came otherwise.",
    ),
    dispatch_type: t.String({
      description: "Where the outcome is delivered: none, webhook, internal, or the type of an integration.",
    }),
    cancel_requested_at: nullable(Instant, "When its cancellation was requested; null if it was not."),
    scheduled_at: nullable(
      Instant,
      "The time before which it does not start. Always null: it starts as soon as its session is free, and a schedule sends its message only when it is due.",
    ),
    run_at: nullable(Instant, "When the run began; null before that."),
    completed_at: nullable(Instant, "When it ended; null before that."),
    created_at: InstantOf("When its message arrived."),
  }),
);

const DetailAnswer = named(
  "TaskDetail",
  t.Object({
    ...TaskAnswer.properties,
    dispatch_config: nullable(
      JsonFields,
      "Details of where the outcome goes, without the type. Secret fields are masked; null if the channel is out of the caller's reach.",
    ),
    output: t.Any({
      description: "The answer as data if execution_config has an output_schema; otherwise null.",
    }),
    execution_config: t.Record(t.String(), t.Any(), {
      description: "Options that the message set for this run. Fields that look like secrets are masked.",
    }),
    callback_config: t.Record(t.String(), t.Any(), {
      description: "What happens once it has ended, besides the delivery of its outcome.",
    }),
  }),
);

const FILTERS = {
  status: t.Optional({ ...Status, description: "Only tasks with this status." }),
  bot_id: t.Optional(t.String({ description: "Only tasks of this bot." })),
  session_id: t.Optional(t.String({ format: "uuid", description: "Only tasks of this session." })),
  channel_id: t.Optional(t.String({ format: "uuid", description: "Only tasks of this channel." })),
  delegation_task_id: t.Optional(
    t.String({ format: "uuid", description: "Only the work that this run has delegated to other bots." }),
  ),
  source: t.Optional(t.String({ description: "Only tasks whose message has this source." })),
  error_code: t.Optional(t.String({ description: "Only tasks that failed with this code." })),
  correlation_id: t.Optional(
    t.String({ format: "uuid", description: "Only tasks with this correlation id." }),
  ),
  since: t.Optional(GivenInstant("Inclusive lower bound of `created_at`.")),
  until: t.Optional(GivenInstant("Exclusive upper bound of `created_at`.")),
};

const CancelBody = bulkBody(FILTERS);

const RerunBody = t.Object(
  {
    content: t.Optional(t.String({ minLength: 1, description: "Other words than the task's prompt." })),
    deliver: t.Optional(
      t.Boolean({ description: "False delivers the outcome nowhere. Default: where the task's went." }),
    ),
  },
  { additionalProperties: false },
);

export interface TaskRoutes {
  tasks: Tasks;
  rerun: Rerun;
  continueLoop: ContinueLoop;
  ownership: Pick<Ownership, "reachOf" | "reachesChannel" | "brings" | "senderOf">;
  route: RouteOptions;
}

export function taskRoutes({ tasks, rerun, continueLoop, ownership, route }: TaskRoutes) {
  // The sender of an event may see its outcome, but nothing else of the channels that it reached.
  const detail = async (row: TaskRow, request: Request) => ({
    ...present(row),
    dispatch_config: (await ownership.reachesChannel(request, row.channel_id))
      ? maskConfig(row.dispatch_config)
      : null,
    output: row.output ?? null,
    execution_config: maskConfig(row.execution_config),
    callback_config: row.callback_config,
  });
  const mayRunAgain = async (id: string, { deliver }: { deliver?: boolean }, request: Request) => {
    const task = await tasks.get(id);
    // Its sender may see a task in a channel of someone else, but not act there.
    if (!(await ownership.reachesChannel(request, task.channel_id))) throw notFound("task", id);
    const { dispatch_type: type, execution_config, callback_config } = task;
    // The session of an internal target is one that the task's own sender could reach.
    const target = deliver !== false && type !== "internal" && { dispatch_config: { type } };
    await ownership.brings(request, { execution_config, callback_config, ...target });
    const scope = await ownership.senderOf(request, { session: task.session_id });
    return { scope, sender: await route.sender(request) };
  };
  return new Elysia({ prefix: "/api/v1/tasks", normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        const { id, ...others } = query;
        const filter = { ...timesIn(others), ids: id?.split(",").map((one) => one.trim()), reach };
        return pageOfRows("tasks", query, (page) => tasks.list({ ...filter, ...page }), presentShort);
      },
      listRoute(route, {
        scope: "tasks:read",
        tag,
        summary: "List tasks",
        description: `Newest first. Prompt and result are cut at ${EXCERPT} characters.`,
        key: "tasks",
        Item: TaskAnswer,
        query: { id: t.Optional(listOfIds("Only these tasks")), ...FILTERS, ...ROWS },
      }),
    )
    .get("/:id", async ({ params, request }) => detail(await tasks.get(params.id), request), {
      ...route.plain({ of: "task", scope: "tasks:read", tag, summary: "Poll a task's status and result" }),
      params: IdParams,
      response: { 200: DetailAnswer, ...failures(403, 404, 422) },
    })
    .post("/:id/cancel", async ({ params, request }) => detail(await tasks.cancel(params.id), request), {
      ...route.plain({
        of: "task",
        scope: "tasks:write",
        tag,
        summary: "Cancel a task",
        description:
          "A pending task is cancelled at once, a running one within seconds; a finished task is not changed.",
      }),
      params: IdParams,
      response: { 200: DetailAnswer, ...failures(403, 404, 422) },
    })
    .post(
      "/cancel",
      async ({ body: { filter, ...input }, request }) => {
        const wanted = { ...timesIn(filter), reach: await ownership.reachOf(request) };
        return runBulk(input, {
          count: () => tasks.count(wanted, true),
          ids: (page) => tasks.openIds({ ...wanted, ...page }),
          act: (id) => tasks.cancel(id),
        });
      },
      {
        ...route.json({
          scope: "tasks:write",
          tag,
          summary: "Cancel all tasks that match",
          example: { filter: { bot_id: "default" }, dry_run: true },
          description: "Tasks that have ended are left out. Repeat it with `next_cursor` until that is null.",
        }),
        body: CancelBody,
        response: { 200: BulkAnswer, ...failures(...bodyFailures) },
      },
    )
    .post(
      "/:id/rerun",
      async ({ params: { id }, body, request, status }) =>
        status(201, await rerun(id, body, await mayRunAgain(id, body, request))),
      {
        ...route.json({
          of: "task",
          scope: "tasks:write",
          tag,
          summary: "Run a task's message again",
          example: { deliver: false },
          description:
            "A new task of the same session, with the same files, options and target. Text from outside stays data, unless `content` replaces it.",
        }),
        params: IdParams,
        body: RerunBody,
        response: { 201: Injected, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post(
      "/:id/continue",
      async ({ params: { id }, request, status }) =>
        status(201, await continueLoop(id, await mayRunAgain(id, {}, request))),
      {
        ...route.plain({
          of: "task",
          scope: "tasks:write",
          tag,
          summary: "Let a conversation continue that was held for being in a loop",
          description:
            "The task's message runs, and earlier runs of its conversation no longer count. 409 unless the task failed with `loop_detected`.",
        }),
        params: IdParams,
        response: { 201: Injected, ...failures(403, 404, 409, 422) },
      },
    );
}

const present = (row: TaskRow) => ({
  id: row.id,
  status: row.status,
  bot_id: row.bot_id,
  session_id: row.session_id,
  channel_id: row.channel_id,
  message_id: row.message_id,
  correlation_id: row.correlation_id,
  source: row.source,
  prompt: row.prompt,
  result: row.result,
  error: row.error,
  error_code: row.error_code,
  when_busy: row.when_busy,
  merged_into: row.merged_into,
  warnings: row.warnings,
  delegation_task_id: askerOf(row)?.taskId ?? null,
  dispatch_type: row.dispatch_type,
  cancel_requested_at: instantOrNull(row.cancel_requested_at),
  scheduled_at: instantOrNull(row.scheduled_at),
  run_at: instantOrNull(row.run_at),
  completed_at: instantOrNull(row.completed_at),
  created_at: instant(row.created_at),
});

const presentShort = (row: TaskRow) => {
  const task = present(row);
  return { ...task, prompt: task.prompt.slice(0, EXCERPT), result: task.result?.slice(0, EXCERPT) ?? null };
};
