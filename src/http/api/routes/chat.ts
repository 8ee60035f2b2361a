import { Elysia, t } from "elysia";
import { BODY_WITH_FILES_LIMIT } from "../../../attachments/attachment.ts";
import type { ChannelSessions } from "../../../channels/channel-sessions.ts";
import type { Chat } from "../../../chat/chat.ts";
import { type Bots, DEFAULT_BOT } from "../../../content/bots/bots.ts";
import { HeddleError, isErrorCode } from "../../../errors.ts";
import type { InjectResult } from "../../../sdk/types.ts";
import { unknownBot } from "../../../sessions/get-or-create.ts";
import { conversationOf } from "../../../sessions/own-places.ts";
import type { Sessions } from "../../../sessions/sessions.ts";
import type { Tasks } from "../../../sessions/tasks.ts";
import type { Auth } from "../../auth.ts";
import {
  ChatAnswer,
  ChatBody,
  DEFAULT_WAIT_SECONDS,
  executionConfigOf,
  NO_RUN,
  presentOutcome,
} from "../chat-body.ts";
import { readPlace } from "../chat-place.ts";
import { type ChatRun, chatEvents } from "../chat-stream.ts";
import { EVENT_STREAM } from "../event-stream.ts";
import { toInjectMessage } from "../message-body.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams } from "../schemas.ts";

const tag = "Chat";
const withFiles = {
  example: { message: "When are you open?", client_id: "web:anna" },
  bodyLimit: BODY_WITH_FILES_LIMIT,
};

export interface ChatRoutes {
  chat: Chat;
  bots: Pick<Bots, "exists">;
  sessions: Sessions;
  channelSessions: Pick<ChannelSessions, "active">;
  tasks: Pick<Tasks, "get" | "list" | "cancel">;
  /** Aborted when the server stops. */
  signal: AbortSignal;
  auth: Auth;
  ownership: Ownership;
  route: RouteOptions;
}

export function chatRoutes(parts: ChatRoutes) {
  const { chat, tasks, auth, ownership, route } = parts;
  const send = createSend(parts);
  const streamOf = (
    request: Request,
    run: ChatRun,
    options: { from?: ReturnType<typeof readPlace> | undefined; first?: object } = {},
  ): Response => {
    const stop = new AbortController();
    const signal = AbortSignal.any([parts.signal, stop.signal]);
    return route.stream({
      batches: chatEvents(chat.follow, run, { ...options, signal }),
      signal: parts.signal,
      validity: auth.validityOf(request),
      onEnd: () => stop.abort(),
    });
  };
  /** The place that the client continues from, with its run: of a merged message, that is another than the path's. */
  const placeIn = async (request: Request) => {
    const given = request.headers.get("last-event-id");
    if (!given) return undefined;
    const from = readPlace(given);
    await ownership.task(request, from.task);
    const { id, message_id, session_id } = await tasks.get(from.task);
    return { from, run: { task_id: id, message_id, session_id } };
  };

  return new Elysia({ prefix: "/api/v1", normalize: false })
    .post(
      "/chat",
      async ({ body, request }) => {
        const sent = await send(body, request);
        const { task_id, message_id, session_id, warnings = [] } = sent;
        if (task_id === null) return { ...NO_RUN, message_id, session_id, warnings };
        const ms = (body.timeout_seconds ?? DEFAULT_WAIT_SECONDS) * 1000;
        const outcome = await chat.wait(task_id, { ms, signal: parts.signal });
        if (outcome.status === "failed" || outcome.status === "cancelled") {
          const { error_code, error } = outcome;
          const code = isErrorCode(error_code) ? error_code : "upstream";
          throw new HeddleError(code, `${error ?? "The run failed."} (task ${outcome.task_id})`);
        }
        return presentOutcome(outcome, { task_id, message_id });
      },
      {
        ...route.json({
          scope: "chat:write",
          tag,
          summary: "Chat with a bot",
          ...withFiles,
          description: "Waits for the answer. A run that failed is answered with its error.",
        }),
        body: ChatBody,
        response: { 200: ChatAnswer, ...failures(...bodyFailures, 402, 404, 409, 502, 504, 508) },
      },
    )
    .post(
      "/chat/stream",
      async ({ body, request }) => {
        const place = await placeIn(request);
        if (place) return streamOf(request, place.run, place);
        const { task_id, message_id, session_id, ...first } = await send(body, request);
        if (task_id === null)
          return route.stream({ batches: passive({ message_id, session_id }), signal: parts.signal });
        return streamOf(request, { task_id, message_id, session_id }, { first });
      },
      {
        ...route.json({
          scope: "chat:write",
          tag,
          summary: "Chat with a bot, streamed",
          ...withFiles,
          description: `Answers with ${EVENT_STREAM}. With Last-Event-ID it continues that stream and sends no message. A disconnect ends no run.`,
        }),
        body: ChatBody,
        response: {
          200: t.Any({ description: "Server-sent events.", contentMediaType: EVENT_STREAM }),
          ...failures(...bodyFailures, 404, 409),
        },
      },
    )
    .post("/chat/cancel", ({ body, request }) => cancel(parts, body, request), {
      ...route.json({
        scope: "chat:write",
        tag,
        summary: "Cancel the runs of a conversation",
        example: { client_id: "web:anna" },
        description: "The running run ends within a second, those that wait at once.",
      }),
      body: t.Object(
        {
          session_id: t.Optional(Id),
          client_id: ChatBody.properties.client_id,
          bot_id: ChatBody.properties.bot_id,
        },
        { additionalProperties: false },
      ),
      response: {
        200: t.Object({
          cancelled: t.Boolean({ description: "Whether a run was going." }),
          queued_tasks_cancelled: t.Integer({ description: "Runs that had not begun." }),
        }),
        ...failures(...bodyFailures, 404),
      },
    })
    .get(
      "/tasks/:id/stream",
      async ({ params, request }) => {
        const { id, message_id, session_id } = await tasks.get(params.id);
        const { from } = (await placeIn(request)) ?? {};
        return streamOf(request, { task_id: id, message_id, session_id }, { from });
      },
      {
        ...route.plain({
          of: "task",
          scope: "tasks:read",
          tag: "Tasks",
          summary: "Follow a run",
          description: `Answers with ${EVENT_STREAM}, with the events of a chat. Last-Event-ID resumes.`,
        }),
        params: IdParams,
        response: {
          200: t.Any({ description: "Server-sent events.", contentMediaType: EVENT_STREAM }),
          ...failures(403, 404),
        },
      },
    );
}

function createSend({ chat, sessions, channelSessions, ownership, route }: ChatRoutes) {
  return async (body: ChatBody, request: Request): Promise<InjectResult> => {
    if (body.message.trim() === "" && !body.attachments?.length) {
      throw new HeddleError("validation", "message must not be empty without attachments.", {
        field: "message",
      });
    }
    await ownership.brings(request, body);
    const sessionId = await sessionOf(body, request);
    const message = toInjectMessage(
      {
        content: body.message,
        source: "chat",
        run_agent: body.passive !== true,
        notify: body.notify,
        dispatch_config: body.dispatch_config,
        author: body.author,
        metadata: body.msg_metadata,
        attachments: body.attachments,
        idempotency_key: body.idempotency_key,
      },
      request,
    );
    const executionConfig = executionConfigOf(body);
    const sent = await chat.send(
      { sessionId, ...message, executionConfig, ...(body.when_busy && { whenBusy: body.when_busy }) },
      await ownership.senderOf(request, { session: sessionId }),
      await route.sender(request),
    );
    // The answer may take minutes, in which the files would stay in memory.
    body.attachments = null;
    route.bodyIsStored(request);
    return sent;
  };

  async function sessionOf(
    { session_id, channel_id, client_id, bot_id }: ChatBody,
    request: Request,
  ): Promise<string> {
    if (session_id) {
      await ownership.session(request, session_id).catch(inField("session_id"));
      return session_id;
    }
    if (channel_id) {
      await ownership.channel(request, channel_id).catch(inField("channel_id"));
      return channelSessions.active(channel_id, bot_id).catch(inField("channel_id"));
    }
    const clientId = client_id ?? (await ownClientId(ownership, request));
    await ownership.clientId(request, clientId);
    const { owner } = await route.sender(request);
    const found = await sessions.getOrCreate({ clientId, botId: bot_id ?? DEFAULT_BOT, owner });
    // Another caller may have created it meanwhile, who would read the message.
    if (!found.created) await ownership.clientId(request, clientId);
    return found.session_id;
  }
}

/** Each key that reaches only its own rows has a conversation of its own. */
async function ownClientId(ownership: Pick<Ownership, "reachOf">, request: Request): Promise<string> {
  const reach = await ownership.reachOf(request);
  if (reach?.integrationId) return `${reach.integrationId}:default`;
  return conversationOf(reach?.owner ?? null);
}

/** The error about something that a field of the body names. */
const inField =
  (field: string) =>
  (error: unknown): never => {
    const isGone = error instanceof HeddleError && error.code === "not_found";
    throw isGone ? new HeddleError("not_found", error.message, { field }) : error;
  };

async function cancel(
  { bots, sessions, tasks, ownership }: ChatRoutes,
  { session_id, client_id, bot_id }: { session_id?: string; client_id?: string; bot_id?: string },
  request: Request,
) {
  const reach = await ownership.reachOf(request);
  if (bot_id !== undefined && !(await bots.exists(bot_id))) throw unknownBot(bot_id);
  if (session_id !== undefined) {
    await ownership.session(request, session_id).catch(inField("session_id"));
    await sessions.get(session_id).catch(inField("session_id"));
  }
  const place = client_id ?? (session_id === undefined ? await ownClientId(ownership, request) : undefined);
  const found =
    session_id === undefined
      ? await sessions.list({
          client_id: place ?? "",
          bot_id: bot_id ?? DEFAULT_BOT,
          active: true,
          limit: 1,
          reach,
        })
      : [{ id: session_id }];
  const [session] = found;
  if (!session) return { cancelled: false, queued_tasks_cancelled: 0 };
  let [cancelled, queued] = [false, 0];
  // Those that wait first, so that none of them begins when the running one ends.
  for (const status of ["pending", "waiting", "running"] as const) {
    for (const { id } of await tasks.list({ session_id: session.id, status, limit: MOST_CANCELLED, reach })) {
      await tasks.cancel(id);
      if (status === "pending") queued += 1;
      else cancelled = true;
    }
  }
  return { cancelled, queued_tasks_cancelled: queued };
}

const MOST_CANCELLED = 500;

/** The whole stream of a message that starts no run. */
async function* passive(stored: { message_id: string; session_id: string }) {
  yield [{ id: "0", event: "passive_stored", data: { type: "passive_stored", ...stored } }];
  return undefined;
}
