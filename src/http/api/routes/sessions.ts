import { Elysia, t } from "elysia";
import { BODY_WITH_FILES_LIMIT } from "../../../attachments/attachment.ts";
import { DEFAULT_BOT } from "../../../content/bots/bots.ts";
import { HeddleError } from "../../../errors.ts";
import { MARKER, type Redact } from "../../../redact.ts";
import { mapLeaves } from "../../../secrets/leaves.ts";
import { maskConfig } from "../../../secrets/mask.ts";
import { isSealed } from "../../../secrets/seal.ts";
import { clientCallId } from "../../../sessions/call-names.ts";
import type { SessionRow } from "../../../sessions/list-sessions.ts";
import {
  createSentFiles,
  type SentFile,
  type SentFilesOptions,
  withoutContents,
} from "../../../sessions/sent-files.ts";
import type { MessageRow, Sessions } from "../../../sessions/sessions.ts";
import { download } from "../download.ts";
import { listRoute, pageOfRows } from "../list.ts";
import { Injected, toInjectMessage } from "../message-body.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, instant, instantOrNull, limitOf } from "../schemas.ts";
import {
  FILTERS,
  Found,
  MessageAnswer,
  NewMessage,
  NewSession,
  ReadBody,
  SessionAnswer,
} from "./session-schemas.ts";

const tag = "Sessions";

export interface SessionRoutes extends SentFilesOptions {
  sessions: Sessions;
  ownership: Ownership;
  redact: Redact;
  route: RouteOptions;
}

export function sessionRoutes({ sessions, ownership, redact, route, ...stored }: SessionRoutes) {
  const files = createSentFiles(stored);
  return new Elysia({ prefix: "/api/v1/sessions", normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        const read = (page: { limit: number }) => sessions.list({ ...query, ...page, reach });
        return pageOfRows("sessions", query, read, presentSession);
      },
      listRoute(route, {
        scope: "sessions:read",
        tag,
        summary: "List sessions",
        description: "Newest first, see `order`.",
        key: "sessions",
        Item: SessionAnswer,
        query: FILTERS,
      }),
    )
    .get("/:id", async ({ params }) => presentSession(await sessions.get(params.id)), {
      ...route.plain({ of: "session", scope: "sessions:read", tag, summary: "Fetch a session" }),
      params: IdParams,
      response: { 200: SessionAnswer, ...failures(403, 404, 422) },
    })
    .post(
      "",
      async ({ body, request, status }) => {
        await ownership.clientId(request, body.client_id);
        await ownership.brings(request, body);
        const { owner } = await route.sender(request);
        const wanted = { clientId: body.client_id, botId: body.bot_id ?? DEFAULT_BOT, owner };
        const target = body.dispatch_config && { dispatchConfig: body.dispatch_config };
        if (owner === null) return status(201, await sessions.getOrCreate({ ...wanted, ...target }));
        const got = await sessions.getOrCreate(wanted);
        // Checked again now that the session exists: another caller may have created it meanwhile, and it must not be
        // redirected.
        await ownership.session(request, got.session_id);
        if (target) await sessions.getOrCreate({ ...wanted, ...target });
        return status(201, got);
      },
      {
        ...route.json({
          scope: "sessions:write",
          tag,
          summary: "Create or get a session",
          example: { client_id: "docs:team", bot_id: "default" },
          description: "A client and a bot have one active session; `created` says whether it is new.",
        }),
        body: NewSession,
        response: {
          201: Found,
          ...failures(...bodyFailures),
        },
      },
    )
    .post(
      "/:id/messages",
      async ({ params, body, request, status }) => {
        const message = toInjectMessage(body, request);
        await ownership.brings(request, body);
        const scope = await ownership.senderOf(request, { session: params.id });
        const sender = await route.sender(request);
        const injected = sessions.inject({ sessionId: params.id, ...message }, scope, sender);
        return status(201, await injected.catch(namedByPath));
      },
      {
        ...route.json({
          of: "session",
          scope: "sessions:write",
          tag,
          summary: "Inject a message",
          example: { content: "When are you open?", run_agent: true },
          bodyLimit: BODY_WITH_FILES_LIMIT,
          description: "Message, task and queue job are stored together or not at all.",
        }),
        params: IdParams,
        body: NewMessage,
        response: { 201: Injected, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .put(
      "/:id/read",
      async ({ params, body, status }) => {
        await sessions.markRead(params.id, body.message_id);
        return status(204, undefined);
      },
      {
        ...route.json({
          of: "session",
          scope: "sessions:write",
          tag,
          summary: "Note that a session has been read",
          example: {},
          description: "Sets `unread` to what came after it.",
        }),
        params: IdParams,
        body: ReadBody,
        response: { 204: t.Void({ description: "Noted." }), ...failures(...bodyFailures, 404) },
      },
    )
    .get(
      "/:id/messages",
      async ({ params, query }) =>
        (await sessions.messages(params.id, query)).map((row) => present(row, files.of(row), redact)),
      {
        ...route.plain({
          of: "session",
          scope: "sessions:read",
          tag,
          summary: "List messages",
          description:
            "Returns the newest messages, oldest first. For older messages, pass the first message's id as `before`.",
        }),
        params: IdParams,
        query: t.Object(
          {
            limit: limitOf(50),
            before: t.Optional(t.String({ format: "uuid", description: "A message's id." })),
            task_id: t.Optional(t.String({ format: "uuid", description: "Only what this run has written." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: t.Array(MessageAnswer), ...failures(403, 404, 422) },
      },
    )
    .get(
      "/:id/messages/:message_id/files/:number",
      async ({ params: { id, message_id, number } }) => download(await files.get(id, message_id, number)),
      {
        ...route.plain({
          of: "session",
          scope: "sessions:read",
          tag,
          summary: "Download a file that a tool has sent",
          description: "Messages list their `files`. Secrets that the server knows are replaced in it.",
        }),
        params: t.Object({
          id: Id,
          message_id: Id,
          number: t.String({ description: "The file's `number`." }),
        }),
        response: {
          200: t.Any({ description: "The file.", contentMediaType: "application/octet-stream" }),
          ...failures(403, 404),
        },
      },
    );
}

/** Drops the field from the error: an SDK caller passes the session in a field, but here it is in the path. */
function namedByPath(error: unknown): never {
  const isPath = error instanceof HeddleError && error.code === "not_found" && error.field === "session_id";
  throw isPath ? new HeddleError("not_found", error.message) : error;
}

const presentSession = ({
  dispatch_config,
  created_at,
  last_message_at,
  transcript: _,
  ...session
}: SessionRow) => ({
  ...session,
  dispatch_config: dispatch_config && maskConfig(dispatch_config),
  last_message_at: instantOrNull(last_message_at),
  created_at: instant(created_at),
});

const present = (row: MessageRow, files: SentFile[], redact: Redact) => ({
  id: row.id,
  session_id: row.session_id,
  role: row.role,
  content: row.content,
  source: row.source,
  // What a tool passes to a dispatcher is stored here unredacted.
  metadata: mapLeaves(withoutContents(row.metadata), (leaf) => {
    if (typeof leaf !== "string") return leaf;
    return isSealed(leaf) ? MARKER : redact(leaf);
  }),
  from_person: row.from_person,
  task_id: row.task_id,
  // What a model needs back with its calls is between the model and Heddle.
  tool_calls:
    row.tool_calls?.map(({ id, name, arguments: args }) => {
      const outcome = row.outcomes.get(id);
      return {
        id,
        name,
        arguments: args,
        call_id: outcome ? clientCallId(outcome.id) : null,
        status: outcome?.status ?? null,
        error: outcome?.error ?? null,
        duration_ms: outcome?.duration_ms ?? null,
      };
    }) ?? null,
  tool_call_id: row.tool_call_id,
  attachments: row.attachments,
  files,
  created_at: instant(row.created_at),
});
