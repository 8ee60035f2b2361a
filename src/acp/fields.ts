// The fields of a coding agent, as they are sent over the API and written in acp.yaml.

import { Type as t } from "@sinclair/typebox";
import { Command, idField, NO_CONTROLS, secretTexts, Words } from "../declared/program-fields.ts";
import { NOT_BLANK } from "../schema/pattern-words.ts";

export const CodingAgentId = idField("Bots get it as the tool `code_with_<id>`.");

const optional = {
  name: t.Optional(
    t.String({
      minLength: 1,
      maxLength: 200,
      pattern: NOT_BLANK,
      description: "The name that people and models read.",
    }),
  ),
  args: t.Optional(Words),
  timeout_seconds: t.Optional(
    t.Integer({
      minimum: 1,
      maximum: 7_200,
      description: "Of one piece of work, with the time in which it waits for people. Default: 1800.",
    }),
  ),
  is_enabled: t.Optional(t.Boolean({ description: "Whether bots can get it. Default: true." })),
  env: secretTexts(NO_CONTROLS, "Its variables, besides PATH, HOME, TMPDIR, LANG and TZ."),
};

/** The fields that an answer has as well. */
export const CodingAgentFields = t.Object({ ...optional, command: Command });

export const NewCodingAgent = t.Object(
  { id: CodingAgentId, command: Command, ...optional },
  { additionalProperties: false },
);
export const CodingAgentChange = t.Partial(t.Object({ command: Command, ...optional }), {
  additionalProperties: false,
  minProperties: 1,
});

export type GivenCodingAgent = typeof NewCodingAgent.static;
export type GivenCodingAgentChange = typeof CodingAgentChange.static;

export const NEW_AGENT = { args: [] as string[], env: {}, timeout_seconds: 1_800, is_enabled: true };
