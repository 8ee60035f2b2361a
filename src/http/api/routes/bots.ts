import { isDeepStrictEqual } from "node:util";
import { Elysia, t } from "elysia";
import type { CapabilitiesOf } from "../../../capabilities/effective-set.ts";
import type { MissingNamesThere } from "../../../capabilities/missing-names.ts";
import type { BotFile } from "../../../content/bots/bot-file.ts";
import { type Bot, BotFields, BotId, type Bots } from "../../../content/bots/bots.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { answered } from "../answered.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { InstantOf, instant, nullable, oneOf, Warnings } from "../schemas.ts";
import { Resolved, resolve } from "./resolved.ts";

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

const BotDetail = named(
  "BotDetail",
  t.Object({
    ...BotAnswer.properties,
    file: nullable(
      t.Object({
        source: oneOf(["builtin", "home"], "Whether it is Heddle's own or one of the home folder."),
        file: t.String({ description: "Its path in there." }),
        fields_changed: t.Array(t.String(), {
          description:
            "Fields that are not as in the file. The file has no effect any more: the bot as it is here counts.",
        }),
      }),
      "The file that it was added from, if it is still there.",
    ),
    resolved: Resolved,
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
  botFiles: () => readonly BotFile[];
  capabilitiesOf: CapabilitiesOf;
  missingNames: MissingNamesThere;
  ownership: Pick<Ownership, "brings">;
  route: RouteOptions;
}

export function botRoutes({ bots, botFiles, capabilitiesOf, missingNames, ownership, route }: BotRoutes) {
  const missingBots = async (ids: readonly string[]) => {
    const known = new Set((ids.length > 0 ? await bots.list() : []).map(({ id }) => id));
    return ids.filter((id) => id !== "*" && !known.has(id)).map((id) => `There is no bot "${id}".`);
  };
  const withWarnings = async (bot: Bot) => ({
    ...present(bot),
    warnings: [...(await missingNames(bot)), ...(await missingBots(bot.delegate_bots))],
  });
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
    .get(
      "/:id",
      async ({ params }) => {
        const bot = await bots.get(params.id);
        const { warnings, ...answer } = await withWarnings(bot);
        const file = bot.source === "file" && botFiles().find(({ id }) => id === bot.id);
        return {
          ...answer,
          file: file ? fileFacts(bot, file) : null,
          resolved: { ...resolve(capabilitiesOf, bot), warnings },
        };
      },
      {
        ...route.plain({
          scope: "bots:read",
          tag,
          summary: "Fetch a bot",
          description: "With what it comes to: its own tools and skills, and those of its carapaces.",
        }),
        params: BotParams,
        response: { 200: BotDetail, ...failures(403, 404, 422) },
      },
    )
    .patch(
      "/:id",
      async ({ params, body, headers, request }) => {
        await ownership.brings(request, body);
        return withWarnings(await bots.update(params.id, body, asRead(headers)));
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
        ...IF_MATCH,
        params: BotParams,
        body: BotChange,
        response: { 200: WrittenAnswer, ...failures(...bodyFailures, 404, 412) },
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

function fileFacts(bot: Bot, { bot: { id: _, ...written }, origin, path }: BotFile) {
  const fields = Object.keys(BotFields.properties) as (keyof typeof BotFields.static)[];
  const isAsWritten = (field: (typeof fields)[number]) =>
    isDeepStrictEqual(bot[field], written[field] ?? UNSET[field]);
  return {
    source: origin.kind === "builtin" ? ("builtin" as const) : ("home" as const),
    file: path,
    fields_changed: fields.filter((field) => !isAsWritten(field)),
  };
}

/** What a field is that the file leaves out. */
const UNSET: Omit<Required<typeof BotFields.static>, "name"> & { name?: undefined } = {
  description: "",
  icon_emoji: null,
  icon_url: null,
  system_prompt: "",
  model: null,
  fallback_models: [],
  tools: [],
  skills: [],
  carapaces: [],
  delegate_bots: [],
  max_iterations: null,
  tool_retrieval: true,
  max_tools: null,
};
