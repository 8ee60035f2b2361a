// A channel in bodies and answers.

import { t } from "elysia";
import { SkillEntry } from "../../../content/skills/skill.ts";
import { WHEN_BUSY } from "../../../db/schema.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { NOT_BLANK } from "../../../schema/pattern-words.ts";
import { answered } from "../answered.ts";
import { DispatchConfig, Id, InstantOf, JsonFields, nullable, oneOf, Warnings } from "../schemas.ts";

export const BotId = t.String({ minLength: 1, maxLength: 64 });
const Ids = (description: string) =>
  t.Array(t.String({ minLength: 1, maxLength: 300 }), { maxItems: 200, description });

export const Settings = {
  name: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 300,
      pattern: NOT_BLANK,
      description: "The name that people see. Default: the client_id.",
    }),
  ),
  bot_id: t.Optional(nullable(BotId, "The bot that always answers here; null: the message's choice.")),
  dispatch_config: t.Optional(
    nullable(DispatchConfig, "Where messages here are delivered; null: where the integration says."),
  ),
  require_mention: t.Optional(
    t.Boolean({ description: "Whether chat integrations run the bot only when it is addressed." }),
  ),
  passive_memory: t.Optional(
    t.Boolean({ description: "Whether messages that start no run become context of later runs." }),
  ),
  allow_bot_messages: t.Optional(t.Boolean({ description: "Whether other bots' messages may start runs." })),
  thinking_display: t.Optional(
    oneOf(
      ["append", "replace", "hidden"],
      "What places show of an answer while it is written: append (all that the bot writes), replace (what it wrote last, without what it wrote before it called tools), hidden (nothing before the answer).",
    ),
  ),
  private: t.Optional(
    t.Boolean({ description: "A flag for chat integrations, which read it over the API." }),
  ),
  when_busy: t.Optional(
    oneOf(
      WHEN_BUSY,
      "What becomes of a message that arrives during a run: queue (a run of its own afterwards), collect (one run for all that wait), steer (the running run gets it), interrupt (ends the running run).",
    ),
  ),
  model_override: t.Optional(nullable(t.String({ minLength: 1, maxLength: 200 }), "Replaces the bot's.")),
  max_iterations: t.Optional(nullable(t.Integer({ minimum: 1, maximum: 100 }), "Replaces the bot's.")),
  prompt: t.Optional(nullable(t.String({ maxLength: 200_000 }), "A system message for every run here.")),
  template_id: t.Optional(
    nullable(t.String({ minLength: 1, maxLength: 300 }), "Tells bots how the work here is organised."),
  ),
  workspace: t.Optional(t.Boolean({ description: "Whether bots may use workspace files here." })),
  skills: t.Optional(t.Array(SkillEntry, { maxItems: 200, description: "Skills for every run here." })),
  tools_disabled: t.Optional(Ids("Tools that no run in the channel may use; * matches any text.")),
  carapaces: t.Optional(Ids("Carapaces in addition to the bot's and those of activated integrations.")),
  carapaces_disabled: t.Optional(Ids("Carapaces that are disabled in the channel.")),
};

export const ChannelChange = t.Object(Settings, { additionalProperties: false, minProperties: 1 });

const { dispatch_config: _given, ...settings } = answered(Settings);

export const ChannelAnswer = named(
  "Channel",
  t.Object({
    id: Id,
    client_id: t.String({ description: 'The place: "github:owner/repo".' }),
    display_name: t.String({ description: "The name that its integration gives it, otherwise `name`." }),
    integration: nullable(t.String(), "The live integration whose prefix the client_id has, if any."),
    owner: nullable(
      t.String(),
      "Who created the channel and may access it: integration:<id> or key:<id>; null for the operator.",
    ),
    active_session_id: nullable(
      Id,
      "The session that messages to the channel go to; null if there is none yet.",
    ),
    dispatch_config: nullable(
      JsonFields,
      "Where messages here are delivered; null: where the integration says. Secret fields are masked.",
    ),
    ...settings,
    created_at: InstantOf("When it was created."),
    updated_at: InstantOf("When its settings were last changed."),
  }),
);

export const ChangedAnswer = named(
  "ChangedChannel",
  t.Object({ ...ChannelAnswer.properties, warnings: Warnings }),
);

export const CreatedAnswer = named(
  "CreatedChannel",
  t.Object({
    ...ChangedAnswer.properties,
    created: t.Boolean({ description: "False if it existed already; it is returned unchanged." }),
  }),
);

export const Switched = named(
  "SwitchedSession",
  t.Object({
    session_id: Id,
    previous_session_id: nullable(Id, "The session that was active before; null if there was none."),
  }),
);
