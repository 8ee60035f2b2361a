// The fields of a policy, as they are sent over the API.

import { Type as t } from "@sinclair/typebox";
import { LONGEST_REFERENCE } from "../capabilities/tool-patterns.ts";
import { ON_TIMEOUT, POLICY_EFFECTS, TOOL_KINDS } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { named } from "../schema/openapi-schema.ts";
import { NOT_BLANK } from "../schema/pattern-words.ts";

const words = <const Word extends string>(all: readonly Word[], description: string) =>
  t.Unsafe<Word>(
    t.Union(
      all.map((word) => t.Literal(word)),
      { description },
    ),
  );

const text = (description: string) => t.Optional(t.String({ minLength: 1, maxLength: 1_000, description }));
const Scalar = t.Union([t.String({ maxLength: 1_000 }), t.Number(), t.Boolean(), t.Null()]);

const Condition = named(
  "ArgumentCondition",
  t.Object(
    {
      equals: t.Optional({ ...Scalar, description: "It equals this." }),
      in: t.Optional(t.Array(Scalar, { minItems: 1, maxItems: 200, description: "It is one of these." })),
      prefix: text("Its text begins with this."),
      suffix: text("Its text ends with this."),
      contains: text("Its text contains this."),
      like: text("Its whole text matches this; `*` stands for any text."),
    },
    {
      additionalProperties: false,
      minProperties: 1,
      description: "All of these must hold. An argument that is not given fits none.",
    },
  ),
);

export const Conditions = t.Record(t.String({ minLength: 1, maxLength: 200 }), Condition, {
  maxProperties: 20,
  description: "Conditions by the name of the argument, or its path with dots. All must hold.",
});

const ApprovalTermsFields = named(
  "ApprovalTerms",
  t.Object(
    {
      timeout_seconds: t.Optional(
        t.Integer({
          minimum: 10,
          maximum: 7 * 24 * 3_600,
          description: "How long people have to decide. Default: 3600.",
        }),
      ),
      on_timeout: t.Optional(
        words(
          ON_TIMEOUT,
          "When nobody has decided: deny (the default) tells the model, fail ends the run, allow makes the call.",
        ),
      ),
      approvers: t.Optional(
        t.Array(t.String({ pattern: "^[a-z][a-z0-9_-]*:.{1,200}$" }), {
          maxItems: 100,
          description:
            "Who may decide: `key:<name of an API key>`, or `<integration>:<identity>` for people of a service. Default: every key with the scope `approvals:write`.",
        }),
      ),
    },
    { additionalProperties: false, description: "For `require_approval`: how it is asked for." },
  ),
);

const BotId = t.String({ minLength: 1, maxLength: 64 });

const FIELDS = {
  name: t.String({
    minLength: 1,
    maxLength: 200,
    pattern: NOT_BLANK,
    description: "What the policy is for.",
  }),
  effect: words(
    POLICY_EFFECTS,
    "allow: the call is made. deny: the model is told why not. require_approval: the run waits until a person decides.",
  ),
  enabled: t.Optional(t.Boolean({ description: "Default: true." })),
  priority: t.Optional(
    t.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: "Lower numbers come first. Default: 100. See docs/policies.md for equal ones.",
    }),
  ),
  tools: t.Optional(
    t.Array(t.String({ minLength: 1, maxLength: LONGEST_REFERENCE }), {
      minItems: 1,
      maxItems: 200,
      description:
        "Names of tools, `mcp:<server>/<tool>` for those of MCP servers; `*` stands for any text. Default: all tools.",
    }),
  ),
  kinds: t.Optional(
    t.Union([t.Array(words(TOOL_KINDS, "A kind."), { minItems: 1, maxItems: TOOL_KINDS.length }), t.Null()], {
      description: "Only tools of one of these kinds; null: of any.",
    }),
  ),
  bot_id: t.Optional(t.Union([BotId, t.Null()], { description: "Only runs of this bot; null: of all." })),
  channel_id: t.Optional(
    t.Union([t.String({ format: "uuid" }), t.Null()], {
      description: "Only runs in this channel; null: in all.",
    }),
  ),
  integration_id: t.Optional(
    t.Union([BotId, t.Null()], { description: "Only tools of this integration; null: of all." }),
  ),
  tainted: t.Optional(
    t.Union([t.Boolean(), t.Null()], {
      description: "true: only runs that have read text of strangers. false: only others. null: both.",
    }),
  ),
  arguments: t.Optional(Conditions),
  reason: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 1_000 }), t.Null()], {
      description: "What the model and people are told.",
    }),
  ),
  approval: t.Optional(ApprovalTermsFields),
};

export const PolicyFields = t.Object(FIELDS, {
  additionalProperties: false,
  description: "A rule about calls of tools.",
});
export const PolicyChange = t.Partial(PolicyFields, { additionalProperties: false });

export type GivenPolicy = typeof PolicyFields.static;
export type GivenPolicyChange = typeof PolicyChange.static;

/** Throws `validation` for a key that would fall out of the object it is stored in. */
export function checkPolicy({ arguments: conditions }: GivenPolicyChange): void {
  if (conditions && Object.hasOwn(conditions, "__proto__")) {
    throw new HeddleError("validation", "arguments must not name __proto__.", { field: "arguments" });
  }
}
