import { Elysia, t } from "elysia";
import type { MissingNamesThere } from "../../../capabilities/missing-names.ts";
import { type Bot, BotFields, BotId, type Bots } from "../../../content/bots/bots.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { answered } from "../answered.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { InstantOf, instant, Warnings } from "../schemas.ts";

const tag = "Bots";

const BotAnswer = named(
  "Bot",
  t.Object({
    id: t.String({ description: "The id by which messages, channels and sessions refer to it." }),
    ...answered(BotFields.properties),
    source: t.String({ description: "file or api: how the bot was created." }),
    created_at: InstantOf("When it was created."),
    updated_at: InstantOf("When it was last changed."),
  }),
);

const WrittenAnswer = named("WrittenBot", t.Object({ ...BotAnswer.properties, warnings: Warnings }));

const BotParams = t.Object({ id: BotId });
const NewBot = named(
  "NewBot",
  t.Object({ id: BotId, ...BotFields.properties }, { additionalProperties: false }),
);
const BotChange = named("BotChange", t.Partial(BotFields, { additionalProperties: false, minProperties: 1 }));

export interface BotRoutes {
  bots: Pick<Bots, "list" | "get" | "create" | "update" | "delete">;
  missingNames: MissingNamesThere;
  ownership: Pick<Ownership, "brings">;
  route: RouteOptions;
}

export function botRoutes({ bots, missingNames, ownership, route }: BotRoutes) {
  const withWarnings = async (bot: Bot) => ({ ...present(bot), warnings: await missingNames(bot) });
  return new Elysia({ prefix: "/api/v1/bots", normalize: false })
    .get(
      "",
      async ({ query }) => pageOfItems("bots", query, (await bots.list()).map(present), ({ id }) => id),
      listRoute(route, {
        scope: "bots:read",
        tag,
        summary: "List bots",
        description: "Sorted by id.",
        key: "bots",
        Item: BotAnswer,
        query: SETUP,
      }),
    )
    .post(
      "",
      async ({ body, request, status }) => {
        await ownership.brings(request, body);
        return status(201, await withWarnings(await bots.create(body)));
      },
      {
        ...route.json({
          scope: "bots:write",
          tag,
          summary: "Create a bot",
          example: { id: "helper", name: "Helper", system_prompt: "You answer in one sentence." },
          description: "Tools that no bot has yet need `tools.<name>:use`.",
        }),
        body: NewBot,
        response: { 201: WrittenAnswer, ...failures(...bodyFailures, 409) },
      },
    )
    .get("/:id", async ({ params }) => present(await bots.get(params.id)), {
      ...route.plain({ scope: "bots:read", tag, summary: "Fetch a bot" }),
      params: BotParams,
      response: { 200: BotAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, request }) => {
        await ownership.brings(request, body);
        return withWarnings(await bots.update(params.id, body));
      },
      {
        ...route.json({
          scope: "bots:write",
          tag,
          summary: "Change a bot",
          example: { system_prompt: "You answer in two sentences." },
          description:
            "Fields that are left out are not changed. Tools that no bot has yet need `tools.<name>:use`.",
        }),
        params: BotParams,
        body: BotChange,
        response: { 200: WrittenAnswer, ...failures(...bodyFailures, 404) },
      },
    )
    .delete(
      "/:id",
      async ({ params, status }) => {
        await bots.delete(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: "bots:write",
          tag,
          summary: "Delete a bot",
          description:
            'A bot that came from a file is not added again. The bot "default" cannot be deleted (409), because it answers wherever no other bot is named.',
        }),
        params: BotParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

const present = (bot: Bot) => ({
  ...bot,
  created_at: instant(bot.created_at),
  updated_at: instant(bot.updated_at),
});
