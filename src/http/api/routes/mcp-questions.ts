// What MCP servers ask people in the middle of a call.

import { Elysia, t } from "elysia";
import { MCP_QUESTION_STATUSES } from "../../../db/schema.ts";
import { HeddleError } from "../../../errors.ts";
import type { GivenReply, McpQuestionRow, QuestionFilter } from "../../../mcp/questions/questions.ts";
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

const tag = "MCP servers";

const uuid = (description: string) => t.String({ format: "uuid", description });

const QuestionAnswer = named(
  "McpQuestion",
  t.Object({
    id: Id,
    task_id: uuid("The run whose call waits."),
    session_id: uuid("Its session."),
    bot_id: t.String({ description: "Its bot." }),
    server_id: t.String({ description: "The MCP server that asks." }),
    tool_reference: t.String({ description: "The tool that was called: `mcp:<server>/<tool>`." }),
    message: t.String({ description: "What it asks, in its own words." }),
    schema: JsonOf("JSON Schema of the answer: an object with plain fields."),
    status: oneOf(
      MCP_QUESTION_STATUSES,
      "pending: the call waits. expired: nobody has answered. cancelled: the run has ended otherwise.",
    ),
    answered_by: nullable(t.String(), "Who answered."),
    answered_at: nullable(Instant, "When."),
    expires_at: InstantOf("Until when the call waits."),
    created_at: InstantOf("When it was asked."),
  }),
);

const Reply = named(
  "McpReply",
  t.Object(
    {
      action: oneOf(["accept", "decline"], "decline: the server is told that nobody wants to answer."),
      content: t.Optional(JsonOf("The answer, as `schema` describes it.")),
    },
    { additionalProperties: false },
  ),
);

export interface McpQuestionRoutes {
  questions: {
    list(filter: QuestionFilter): Promise<McpQuestionRow[]>;
    answer(
      id: string,
      reply: GivenReply,
      by: string,
      reach: QuestionFilter["reach"],
    ): Promise<McpQuestionRow>;
  };
  auth: Pick<Auth, "authenticate">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function mcpQuestionRoutes({ questions, auth, ownership, route }: McpQuestionRoutes) {
  return new Elysia({ prefix: "/api/v1/mcp-questions", normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        return pageOfRows(
          "mcp_questions",
          query,
          (page) => questions.list({ ...query, ...page, reach }),
          present,
        );
      },
      listRoute(route, {
        scope: "approvals:read",
        tag,
        summary: "List questions of MCP servers",
        description: "What servers ask people in the middle of a call. Newest first.",
        key: "mcp_questions",
        Item: QuestionAnswer,
        query: {
          status: t.Optional(oneOf(MCP_QUESTION_STATUSES, "Only questions with this status.")),
          task_id: t.Optional(uuid("Only those of this run.")),
          session_id: t.Optional(uuid("Only those of this session.")),
          ...ROWS,
        },
      }),
    )
    .post(
      "/:id/answer",
      async ({ params, body, request }) => {
        const { integrationId, name } = await auth.authenticate(request);
        if (integrationId !== null) {
          throw new HeddleError(
            "forbidden",
            "Only a person can answer; this API key belongs to an integration.",
          );
        }
        return present(await questions.answer(params.id, body, name, await ownership.reachOf(request)));
      },
      {
        ...route.json({
          scope: "approvals:write",
          of: "question",
          tag,
          summary: "Answer a question of an MCP server",
          description: "The server gets the answer, and the call goes on. The first answer stands.",
          example: { action: "accept", content: { name: "Ann" } },
        }),
        params: IdParams,
        body: Reply,
        response: { 200: QuestionAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    );
}

const present = (row: McpQuestionRow) => ({
  ...row,
  answered_at: instantOrNull(row.answered_at),
  expires_at: instant(row.expires_at),
  created_at: instant(row.created_at),
});
