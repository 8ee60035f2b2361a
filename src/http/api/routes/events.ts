import { Elysia, t } from "elysia";
import { BODY_WITH_FILES_LIMIT } from "../../../attachments/attachment.ts";
import { DEFAULT_BOT } from "../../../content/bots/bots.ts";
import type { Sessions } from "../../../sessions/sessions.ts";
import { Injected, MessageFields, toInjectMessage } from "../message-body.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, oneOf } from "../schemas.ts";

export const NewEvent = t.Object(
  {
    client_id: t.String({
      minLength: 1,
      maxLength: 500,
      description: 'The client id of the place that the event comes from: "github:owner/repo".',
    }),
    event: t.String({
      minLength: 1,
      maxLength: 200,
      description: "The name by which bindings filter the event.",
    }),
    bot_id: t.Optional(
      t.String({
        minLength: 1,
        maxLength: 64,
        description: "The bot that answers where a channel has none of its own. Default: default.",
      }),
    ),
    ...MessageFields,
  },
  { additionalProperties: false },
);

export function eventRoutes({
  sessions,
  ownership,
  route,
}: {
  sessions: Pick<Sessions, "injectEvent">;
  ownership: Ownership;
  route: RouteOptions;
}) {
  return new Elysia({ prefix: "/api/v1/events", normalize: false }).post(
    "",
    async ({ body, request, status }) => {
      const { client_id, event, bot_id = DEFAULT_BOT } = body;
      await ownership.clientId(request, client_id);
      await ownership.brings(request, body);
      const place = { clientId: client_id, event, botId: bot_id };
      const scope = await ownership.senderOf(request, { clientId: client_id });
      const mayUse = (id: string) => ownership.clientId(request, id);
      const sender = { ...(await route.sender(request)), mayUse };
      return status(
        201,
        await sessions.injectEvent({ ...place, ...toInjectMessage(body, request) }, scope, sender),
      );
    },
    {
      ...route.json({
        scope: "sessions:write",
        tag: "Events",
        summary: "Inject an event into bound channels",
        bodyLimit: BODY_WITH_FILES_LIMIT,
        example: {
          client_id: "docs:team",
          event: "note",
          content: "The shop opens at ten tomorrow.",
          run_agent: true,
        },
        description:
          "The event goes into every channel with a binding of this client_id that lets it through; if no channel is bound, into the client_id's own channel. It is stored in all channels or in none. Each target gets one answer.",
      }),
      body: NewEvent,
      response: {
        201: t.Object({
          status: oneOf(
            ["processed", "filtered"],
            "filtered: channels are bound, but no binding lets this event through.",
          ),
          bound: t.Boolean({ description: "False if no channel is bound to the place." }),
          results: t.Array(t.Object({ ...Injected.properties, channel_id: Id }), {
            description: "One entry per channel.",
          }),
        }),
        ...failures(...bodyFailures, 409),
      },
    },
  );
}
