import { Elysia, t } from "elysia";
import type { Caller } from "../../../access/caller.ts";
import { covers } from "../../../access/scopes.ts";
import type { ApprovalRow, Approvals, Decider } from "../../../approvals/approvals.ts";
import { suggestionsFor } from "../../../approvals/policy-from.ts";
import { APPROVAL_CHOICES, APPROVAL_STATUSES, ON_TIMEOUT } from "../../../db/schema.ts";
import { HeddleError } from "../../../errors.ts";
import { Conditions } from "../../../policies/fields.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Auth } from "../../auth.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import {
  Id,
  IdParams,
  Instant,
  InstantOf,
  instant,
  instantOrNull,
  JsonOf,
  nullable,
  oneOf,
} from "../schemas.ts";

const tag = "Approvals";

const uuid = (description: string) => t.String({ format: "uuid", description });

const ANSWER = {
  id: Id,
  task_id: uuid("The run that waits."),
  session_id: uuid("Its session."),
  channel_id: uuid("Its channel."),
  bot_id: t.String({ description: "The bot that wants to make the call." }),
  correlation_id: uuid("The same from the webhook to the receipt."),
  message_id: uuid("The answer that asks for the call."),
  call_id: t.String({ description: "The call in that answer." }),
  tool_name: t.String({ description: "The tool." }),
  tool_reference: t.String({
    description: "How rules name the tool: its name, or `mcp:<server>/<tool>` for that of an MCP server.",
  }),
  integration_id: nullable(t.String(), "The integration of the tool; null for a built-in one."),
  arguments: JsonOf("The arguments, without secrets."),
  policy_id: nullable(Id, "The policy that asks; null: a built-in rule."),
  policy_name: t.String({ description: "Its name." }),
  reason: nullable(t.String(), "Why it asks."),
  approvers: t.Array(t.String(), { description: "Who may decide; empty: all." }),
  on_timeout: oneOf(ON_TIMEOUT, "What becomes of the call if nobody decides."),
  expires_at: InstantOf("Until when."),
  status: oneOf(APPROVAL_STATUSES, "cancelled: the run has ended otherwise."),
  choice: nullable(oneOf(APPROVAL_CHOICES), "What else the decision holds for; null: there is none."),
  decided_by: nullable(t.String(), "Who decided: `key:<name>` or `<integration>:<identity>`."),
  decided_by_name: nullable(t.String(), "The name of that person."),
  note: nullable(t.String(), "What that person said."),
  decided_at: nullable(Instant, "When."),
  begun_at: nullable(Instant, "When the approved call was begun."),
  created_at: InstantOf("When it was asked."),
};
const ApprovalAnswer = named("Approval", t.Object(ANSWER));

const ApprovalDetail = named(
  "ApprovalDetail",
  t.Object({
    ...ANSWER,
    previous: nullable(
      t.Object({
        id: Id,
        arguments: JsonOf("Its arguments, without secrets."),
        decided_by_name: nullable(t.String(), "Who approved it."),
        created_at: InstantOf("When it was asked."),
        decided_at: nullable(Instant, "When it was approved."),
      }),
      "What was approved before, to compare with.",
    ),
    suggestions: t.Array(
      t.Object({
        label: t.String({ description: "In words." }),
        conditions: Conditions,
      }),
      { description: "For the choice `pattern`." },
    ),
    may_decide: t.Boolean({ description: "Whether this caller can decide." }),
  }),
);

export interface ApprovalRoutes {
  approvals: Omit<Approvals, "expire">;
  auth: Pick<Auth, "authenticate">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function approvalRoutes(options: ApprovalRoutes) {
  return new Elysia({ prefix: "/api/v1/approvals", normalize: false })
    .use(readRoutes(options))
    .use(decideRoute(options));
}

function readRoutes({ approvals, auth, ownership, route }: ApprovalRoutes) {
  return new Elysia({ normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        return pageOfRows(
          "approvals",
          query,
          (page) => approvals.list({ ...query, ...page, reach }),
          present,
        );
      },
      listRoute(route, {
        scope: "approvals:read",
        tag,
        summary: "List approvals",
        description: "Calls that wait for a person, or waited. Newest first.",
        key: "approvals",
        Item: ApprovalAnswer,
        query: {
          status: t.Optional(oneOf(APPROVAL_STATUSES, "Only approvals with this status.")),
          task_id: t.Optional(uuid("Only those of this run.")),
          session_id: t.Optional(uuid("Only those of this session.")),
          bot_id: t.Optional(t.String({ description: "Only those of this bot." })),
          ...ROWS,
        },
      }),
    )
    .get(
      "/:id",
      async ({ params, request }) => {
        const reach = await ownership.reachOf(request);
        const row = await approvals.get(params.id, reach);
        const caller = await auth.authenticate(request);
        const before = await approvals.previous(row, reach);
        return {
          ...present(row),
          previous: before
            ? {
                id: before.id,
                arguments: before.arguments,
                decided_by_name: before.decided_by_name,
                created_at: instant(before.created_at),
                decided_at: before.decided_at && instant(before.decided_at),
              }
            : null,
          suggestions: suggestionsFor(row),
          may_decide:
            row.status === "pending" &&
            caller.integrationId === null &&
            covers(caller.scopes, "approvals:write") &&
            approvals.mayDecide(row, deciderOf(caller)),
        };
      },
      {
        ...route.plain({
          scope: "approvals:read",
          tag,
          summary: "Fetch an approval",
        }),
        params: IdParams,
        response: { 200: ApprovalDetail, ...failures(403, 404, 422) },
      },
    );
}

function decideRoute({ approvals, auth, ownership, route }: ApprovalRoutes) {
  return new Elysia({ normalize: false }).post(
    "/:id/decide",
    async ({ params, body: { approved, choice = "once", arguments: conditions, note, by }, request }) => {
      const caller = await auth.authenticate(request);
      const decider = deciderIn(caller, by);
      if ((choice === "pattern" || choice === "always") && !covers(caller.scopes, "policies:write")) {
        const message = `The choice ${choice} writes a policy, for which the API key lacks the scope policies:write.`;
        throw new HeddleError("forbidden", message, { field: "choice" });
      }
      const reach = await ownership.reachOf(request);
      const decision = { approved, choice, conditions, note };
      return present(await approvals.decide(params.id, decision, decider, reach));
    },
    {
      ...route.json({
        scope: "approvals:write",
        of: "approval",
        tag,
        summary: "Decide on a call",
        description: "The first decision stands: 409 if there is one, or if it is too late.",
        example: { approved: true, choice: "once" },
      }),
      params: IdParams,
      body: named(
        "ApprovalDecision",
        t.Object(
          {
            approved: t.Boolean({ description: "false: the call is not made." }),
            choice: t.Optional(
              oneOf(
                APPROVAL_CHOICES,
                "Default: once. pattern (with `arguments`) and always write a policy for the bot.",
              ),
            ),
            arguments: t.Optional(Conditions),
            by: t.Optional(
              t.Object(
                {
                  id: t.String({ minLength: 1, maxLength: 200, description: "As the service names them." }),
                  name: t.String({ minLength: 1, maxLength: 200, description: "For people." }),
                },
                {
                  additionalProperties: false,
                  description: "Who decides, for the key of an integration: one of `approvers`.",
                },
              ),
            ),
            note: t.Optional(
              t.String({ minLength: 1, maxLength: 1_000, description: "Told to the model if it is denied." }),
            ),
          },
          { additionalProperties: false },
        ),
      ),
      response: { 200: ApprovalAnswer, ...failures(...bodyFailures, 404, 409) },
    },
  );
}

const deciderOf = ({ name }: { name: string }) => ({ id: `key:${name}`, name });

/** The key of an integration decides in the name of a person of its service, and never in its own. */
function deciderIn(
  caller: Pick<Caller, "name" | "integrationId">,
  by: { id: string; name: string } | undefined,
): Decider {
  const { integrationId } = caller;
  if (integrationId === null && by === undefined) return deciderOf(caller);
  if (integrationId !== null && by !== undefined) {
    return { id: `${integrationId}:${by.id}`, name: by.name, isOutside: true };
  }
  const message =
    integrationId === null
      ? "by must be left out: this key decides in its own name."
      : "People decide on calls; by must say who does, because this key belongs to an integration.";
  throw new HeddleError("forbidden", message, { field: "by" });
}

const present = ({ call_hash: _hash, ...row }: ApprovalRow) => ({
  ...row,
  tool_reference: row.tool_reference ?? row.tool_name,
  expires_at: instant(row.expires_at),
  decided_at: instantOrNull(row.decided_at),
  begun_at: instantOrNull(row.begun_at),
  created_at: instant(row.created_at),
});
