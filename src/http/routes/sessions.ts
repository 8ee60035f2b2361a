import { Elysia, t } from "elysia";
import { HeddleError } from "../../errors.ts";
import type { MessageRow, Sessions } from "../../sessions/sessions.ts";
import { storable } from "../../storable.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { DispatchConfig, Id, IdParams, Instant, instant, JsonFields, limitOf, nullable } from "../schemas.ts";

const tag = "Sessions";

const NewSession = t.Object(
  {
    bot_id: t.Optional(t.String({ minLength: 1, maxLength: 64, description: "Default: default." })),
    client_id: t.String({
      minLength: 1,
      maxLength: 500,
      description: 'The lasting name of the place, with a prefix: "github:owner/repo".',
    }),
    dispatch_config: t.Optional(nullable(DispatchConfig)),
  },
  { additionalProperties: false },
);

const ExecutionConfig = t.Object(
  {
    system_preamble: t.Optional(t.String({ description: "A system message last before the user's." })),
    skills: t.Optional(t.Array(t.String(), { description: "Ids of skills to put into the context." })),
    tools: t.Optional(t.Array(t.String(), { description: "Tools besides the bot's own." })),
    model_override: t.Optional(t.String({ description: "A model instead of the bot's." })),
  },
  { additionalProperties: false, description: "For the run that this message causes, and that run only." },
);

const NewMessage = t.Object(
  {
    content: t.String({ description: "The text, as the bot is to read it." }),
    role: t.Optional(t.String({ description: "Ignored: what comes in is always a user's message." })),
    source: t.Optional(
      nullable(t.String({ minLength: 1, maxLength: 100 }), "Where it came from. Default: api."),
    ),
    run_agent: t.Optional(
      t.Boolean({ description: "True makes a task in which the bot answers. Default: false." }),
    ),
    notify: t.Optional(
      t.Boolean({ description: "Hands the outcome to the session's target. Default: true." }),
    ),
    dispatch_config: t.Optional(nullable(DispatchConfig, "A target for this message's outcome only.")),
    execution_config: t.Optional(nullable(ExecutionConfig)),
    metadata: t.Optional(nullable(JsonFields)),
    idempotency_key: t.Optional(
      nullable(
        t.String({ minLength: 1, maxLength: 255 }),
        "A second message with the same key in this session is not stored; the first one's ids are answered. The header Idempotency-Key means the same.",
      ),
    ),
  },
  { additionalProperties: false },
);

const Injected = t.Object({
  message_id: Id,
  session_id: Id,
  task_id: nullable(Id, "Null when no run was asked for."),
  duplicate: t.Boolean({ description: "True: the idempotency key was seen before, and nothing was stored." }),
});

const MessageAnswer = t.Object({
  id: Id,
  session_id: Id,
  role: t.String({ description: "user, assistant, tool or system." }),
  content: t.String(),
  source: nullable(t.String()),
  metadata: JsonFields,
  task_id: nullable(Id, "The run that wrote it; null for a message that came in."),
  tool_calls: nullable(t.Array(t.Object({ id: t.String(), name: t.String(), arguments: t.String() }))),
  tool_call_id: nullable(t.String()),
  created_at: Instant,
});

export function sessionRoutes({ sessions, route }: { sessions: Sessions; route: RouteOptions }) {
  return new Elysia({ prefix: "/api/v1/sessions", normalize: false })
    .post(
      "",
      async ({ body, status }) =>
        status(
          201,
          await sessions.getOrCreate({
            clientId: body.client_id,
            botId: body.bot_id ?? "default",
            ...(body.dispatch_config && { dispatchConfig: body.dispatch_config }),
          }),
        ),
      {
        ...route.json({
          scope: "sessions:write",
          tag,
          summary: "Create or get a session",
          description: "A client and a bot have one active session; `created` tells whether it is new.",
        }),
        body: NewSession,
        response: {
          201: t.Object({ session_id: Id, created: t.Boolean() }),
          ...failures(...bodyFailures),
        },
      },
    )
    .post(
      "/:id/messages",
      async ({ params, body, request, status }) => {
        const idempotencyKey = idempotencyKeyOf(request, body.idempotency_key ?? undefined);
        return status(
          201,
          await sessions.inject({
            sessionId: params.id,
            content: body.content,
            source: body.source ?? "api",
            runAgent: body.run_agent ?? false,
            notify: body.notify ?? true,
            ...(body.dispatch_config && { dispatchConfig: body.dispatch_config }),
            ...(body.execution_config && { executionConfig: body.execution_config }),
            ...(body.metadata && { metadata: body.metadata }),
            ...(idempotencyKey !== undefined && { idempotencyKey }),
          }),
        );
      },
      {
        ...route.json({
          scope: "sessions:write",
          tag,
          summary: "Inject a message",
          description: "Message, task and queue job are stored together or not at all.",
        }),
        params: IdParams,
        body: NewMessage,
        response: { 201: Injected, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .get(
      "/:id/messages",
      async ({ params, query }) => (await sessions.messages(params.id, query)).map(present),
      {
        ...route.plain({
          scope: "sessions:read",
          tag,
          summary: "List messages",
          description: "The newest ones, oldest first. For older ones pass the first one's id as `before`.",
        }),
        params: IdParams,
        query: t.Object(
          {
            limit: limitOf(50),
            before: t.Optional(t.String({ format: "uuid", description: "A message's id." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: t.Array(MessageAnswer), ...failures(403, 404, 422) },
      },
    );
}

function idempotencyKeyOf(request: Request, inBody: string | undefined): string | undefined {
  const inHeader = request.headers.get("idempotency-key") || undefined;
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    throw new HeddleError("validation", "The body and the header Idempotency-Key name different keys.", {
      field: "idempotency_key",
    });
  }
  const key = inBody ?? inHeader;
  return key === undefined ? undefined : storable(key);
}

const present = (row: MessageRow) => ({
  id: row.id,
  session_id: row.session_id,
  role: row.role,
  content: row.content,
  source: row.source,
  metadata: row.metadata,
  task_id: row.task_id,
  tool_calls: row.tool_calls,
  tool_call_id: row.tool_call_id,
  created_at: instant(row.created_at),
});
