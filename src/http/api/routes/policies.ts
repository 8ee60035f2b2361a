import { Elysia, t } from "elysia";
import type { MissingNamesThere } from "../../../capabilities/missing-names.ts";
import { LONGEST_REFERENCE } from "../../../capabilities/tool-patterns.ts";
import type { Reach } from "../../../db/reach.ts";
import { POLICY_EFFECTS } from "../../../db/schema.ts";
import { HeddleError } from "../../../errors.ts";
import { decide, type Rule } from "../../../policies/decide.ts";
import { PolicyChange, PolicyFields } from "../../../policies/fields.ts";
import type { Policies } from "../../../policies/policies.ts";
import type { Decision, Policy, ToolFacts } from "../../../policies/policy.ts";
import type { WouldHave } from "../../../policies/recent-calls.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { answered } from "../answered.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { NeedIntegration } from "../missing-names.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, InstantOf, instant, JsonOf, nullable, oneOf, Warnings } from "../schemas.ts";

const tag = "Policies";

const ANSWER = {
  id: Id,
  ...answered(PolicyFields.properties),
  approval_id: nullable(Id, "The approval whose decision wrote it; null: a person wrote it."),
  created_at: InstantOf("When it was created."),
  updated_at: InstantOf("When it was last changed."),
};
const PolicyAnswer = named("Policy", t.Object(ANSWER));
const WrittenAnswer = named("WrittenPolicy", t.Object({ ...ANSWER, warnings: Warnings }));

const DryRunAnswer = named(
  "PolicyDryRun",
  t.Object({
    decision: nullable(
      t.Object({
        effect: oneOf(POLICY_EFFECTS, "What becomes of the call."),
        policy_id: nullable(Id, "The rule that decides; null: none fits, or a built-in one."),
        policy_name: nullable(t.String(), "Its name; null: no rule fits, so that the call is allowed."),
        reason: nullable(t.String(), "What the model and people are told."),
      }),
      "About `call`; null if none was given.",
    ),
    recent: nullable(
      t.Object({
        checked: t.Integer({ description: "The newest calls that were looked at." }),
        fitting: t.Integer({ description: "How many of them the rule fits." }),
        deciding: t.Integer({ description: "How many of them it would have decided." }),
        examples: t.Array(
          t.Object({
            id: Id,
            task_id: t.String({ format: "uuid", description: "The run." }),
            tool_name: t.String({ description: "The tool." }),
            bot_id: t.String({ description: "The bot." }),
            created_at: InstantOf("When it was made."),
            decides: t.Boolean({ description: "false: a rule before this one decides." }),
            effect: oneOf(POLICY_EFFECTS, "What would become of it now."),
          }),
          { description: "The newest of them." },
        ),
      }),
      "What `policy` would have done; null if none was given.",
    ),
  }),
);

const Call = t.Object(
  {
    tool: t.String({
      minLength: 1,
      maxLength: LONGEST_REFERENCE,
      description: "Name of the tool, or the reference of an MCP server's.",
    }),
    arguments: t.Optional(JsonOf("Its arguments.")),
    bot_id: t.Optional(t.String({ minLength: 1, maxLength: 64, description: "The bot that calls it." })),
    channel_id: t.Optional(t.String({ format: "uuid", description: "The channel of the run." })),
    tainted: t.Optional(
      t.Boolean({ description: "Whether the run answers text of strangers. Default: false." }),
    ),
  },
  { additionalProperties: false, description: "A call to decide on." },
);

const NewPolicy = named("NewPolicy", PolicyFields);

type Stored = Pick<Policies, "list" | "get" | "create" | "update" | "remove" | "rules" | "withDraft">;
type Draft = ReturnType<Policies["withDraft"]>;

export interface PolicyRoutes {
  policies: Stored;
  toolOf: (name: string) => ToolFacts;
  wouldHave: (rules: readonly Rule[], own: Draft["own"], reach: Reach | undefined) => Promise<WouldHave>;
  missingNames: MissingNamesThere;
  needIntegration: NeedIntegration;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

const EXAMPLE = {
  name: "Merges need a person",
  effect: "require_approval",
  tools: ["github_merge_*"],
  approval: { timeout_seconds: 3600, on_timeout: "deny" },
};

export function policyRoutes(options: PolicyRoutes) {
  return new Elysia({ prefix: "/api/v1/policies", normalize: false })
    .use(storedPolicies(options))
    .use(dryRun(options));
}

function storedPolicies({ policies, missingNames, needIntegration, route }: PolicyRoutes) {
  const withWarnings = async (policy: Policy) => ({
    ...present(policy),
    warnings: await missingNames({ ruled: policy.tools.filter((name) => name !== "*") }),
  });
  /** What a bot's integration does must not decide what the bot may do. */
  const refuseIntegrations = async (request: Request): Promise<void> => {
    if ((await route.sender(request)).fromPerson) return;
    throw new HeddleError(
      "forbidden",
      "Only people can write policies; this API key belongs to an integration.",
    );
  };
  return new Elysia({ normalize: false })
    .get(
      "",
      ({ query }) => pageOfItems("policies", query, policies.list().map(present), ({ id }) => id),
      listRoute(route, {
        scope: "policies:read",
        tag,
        summary: "List policies",
        description: "In the order in which they are asked; those that are not enabled come last.",
        key: "policies",
        Item: PolicyAnswer,
        query: SETUP,
      }),
    )
    .post(
      "",
      async ({ body, request, status }) => {
        await refuseIntegrations(request);
        if (body.integration_id) await needIntegration(body.integration_id, "integration_id");
        return status(201, await withWarnings(await policies.create(body)));
      },
      {
        ...route.json({
          scope: "policies:write",
          tag,
          summary: "Create a policy",
          description: "A rule about calls of tools. Of the rules that fit a call, the first one decides.",
          example: EXAMPLE,
        }),
        body: NewPolicy,
        response: { 201: WrittenAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .get("/:id", ({ params }) => present(policies.get(params.id)), {
      ...route.plain({ scope: "policies:read", tag, summary: "Fetch a policy" }),
      params: IdParams,
      response: { 200: PolicyAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, headers, request }) => {
        await refuseIntegrations(request);
        if (body.integration_id) await needIntegration(body.integration_id, "integration_id");
        return withWarnings(await policies.update(params.id, body, asRead(headers)));
      },
      {
        ...route.json({
          scope: "policies:write",
          tag,
          summary: "Change a policy",
          description: "Fields that are left out are not changed; `arguments` is replaced as a whole.",
          example: { enabled: false },
        }),
        ...IF_MATCH,
        params: IdParams,
        body: named("PolicyChange", PolicyChange),
        response: { 200: WrittenAnswer, ...failures(...bodyFailures, 404, 412) },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await refuseIntegrations(request);
        await policies.remove(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({ scope: "policies:write", tag, summary: "Delete a policy" }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    );
}

function dryRun({ policies, toolOf, wouldHave, ownership, route }: PolicyRoutes) {
  return new Elysia({ normalize: false }).post(
    "/dry-run",
    async ({ body: { policy, replaces, call }, request }) => {
      if (!policy && !call) {
        throw new HeddleError("validation", "policy or call must be given.", { field: "call" });
      }
      const draft = policy && policies.withDraft(policy, replaces);
      const rules = draft?.rules ?? policies.rules();
      return {
        decision: call
          ? presentDecision(
              decide(
                rules,
                {
                  tool: toolOf(call.tool),
                  args: call.arguments ?? {},
                  bot_id: call.bot_id ?? null,
                  channel_id: call.channel_id ?? null,
                },
                call.tainted ? "led" : "none",
              ),
            )
          : null,
        recent: draft
          ? presentRecent(await wouldHave(rules, draft.own, await ownership.reachOf(request)))
          : null,
      };
    },
    {
      ...route.json({
        scope: "policies:read",
        tag,
        summary: "Say what policies would do",
        description:
          "Decides on `call`, and says what `policy` would have done with the newest calls. Nothing is stored or called.",
        example: { call: { tool: "github_merge_pr", arguments: { repo: "site" }, bot_id: "default" } },
      }),
      body: named(
        "PolicyToTry",
        t.Object(
          {
            call: t.Optional(Call),
            policy: t.Optional(NewPolicy),
            replaces: t.Optional({ ...Id, description: "The stored policy whose place it takes." }),
          },
          { additionalProperties: false },
        ),
      ),
      response: { 200: DryRunAnswer, ...failures(...bodyFailures) },
    },
  );
}

const present = ({ created_at, updated_at, ...row }: Policy) => ({
  ...row,
  created_at: instant(created_at),
  updated_at: instant(updated_at),
});

const presentDecision = ({ effect, rule, reason }: Decision) => ({
  effect,
  policy_id: rule?.id ?? null,
  policy_name: rule?.name ?? null,
  reason,
});

const presentRecent = ({ examples, ...counts }: WouldHave) => ({
  ...counts,
  examples: examples.map((one) => ({ ...one, created_at: instant(one.created_at) })),
});
