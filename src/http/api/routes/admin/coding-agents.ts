// The coding agents that bots have work for them.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { toolName } from "../../../../acp/agent.ts";
import type { CodingAgents, CodingAgentView } from "../../../../acp/agents.ts";
import {
  CodingAgentChange,
  CodingAgentFields,
  CodingAgentId,
  NewCodingAgent,
} from "../../../../acp/fields.ts";
import type { CodingSessionRow } from "../../../../acp/sessions.ts";
import { CODING_SESSION_STATUSES } from "../../../../db/schema.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { maskedValues } from "../../../../secrets/mask.ts";
import { answered } from "../../answered.ts";
import { asRead, IF_MATCH } from "../../if-match.ts";
import { listRoute, pageOfItems, pageOfRows, ROWS, SETUP } from "../../list.ts";
import type { Ownership } from "../../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { Id, Instant, InstantOf, instant, instantOrNull, nullable, oneOf } from "../../schemas.ts";

const tag = "Coding agents";

const STATES = ["disabled", "untested", "ready", "working", "failing"] as const;

const AgentAnswer = named(
  "CodingAgent",
  t.Object({
    id: t.String({ description: "Its id." }),
    source: oneOf(["stored", "file"], "`file`: declared in acp.yaml, and not changed here."),
    tool: t.String({ description: "The tool with which bots have it work." }),
    ...answered(CodingAgentFields.properties),
    env: t.Record(t.String(), t.String(), { description: "The names of its variables; values are masked." }),
    state: oneOf(STATES, "`failing`: its last work or test failed. `untested`: neither has been yet."),
    error: nullable(t.String(), "Why its last work or test failed."),
    running: t.Integer({ description: "How many runs it works for now." }),
    last_test: nullable(
      t.Object({
        ok: t.Boolean({ description: "Whether it began a session." }),
        error: nullable(t.String(), "What did not work."),
        agent_name: nullable(t.String(), "Its own name."),
        agent_version: nullable(t.String(), "Its own version."),
        tested_at: InstantOf("When."),
      }),
      "The last test of this command. Null: there was none.",
    ),
    created_at: nullable(Instant, "When it was added."),
    updated_at: nullable(Instant, "When somebody last changed it."),
  }),
);

const TestAnswer = named(
  "CodingAgentTest",
  t.Object({
    ok: t.Boolean({ description: "Whether it began a session." }),
    error: nullable(t.String(), "What does not work."),
    duration_ms: t.Integer({ description: "How long the test took." }),
  }),
);

const uuid = (description: string) => t.String({ format: "uuid", description });

const SessionAnswer = named(
  "CodingSession",
  t.Object({
    id: Id,
    agent_id: t.String({ description: "The coding agent." }),
    task_id: uuid("The run that it works for."),
    session_id: uuid("The session of the run."),
    bot_id: t.String({ description: "The bot." }),
    folder: t.String({ description: "Where in the workspace." }),
    asked: t.String({ description: "What it was asked to do, without secrets; cut when it is long." }),
    status: oneOf(
      CODING_SESSION_STATUSES,
      "`stopped`: with its run. `unknown`: Heddle stopped meanwhile, so that what it did is not known.",
    ),
    error: nullable(t.String(), "Why it failed."),
    changed_files: nullable(t.Integer(), "How many files it says it has changed."),
    ended_at: nullable(Instant, "When it ended."),
    created_at: InstantOf("When it began."),
  }),
);

const Params = t.Object({ id: CodingAgentId });

export interface CodingAgentRoutes {
  agents: Omit<CodingAgents, "close">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

/** The connection of a client that waits in silence is cut after 255 s. */
const TEST_MS = 180_000;

export const codingAgentRoutes = (options: CodingAgentRoutes) =>
  new Elysia({ normalize: false }).use(storedAgents(options)).use(workingAgents(options));

function storedAgents({ agents, route }: CodingAgentRoutes) {
  return new Elysia({ prefix: "/api/v1/admin/coding-agents", normalize: false })
    .get(
      "",
      async ({ query }) => {
        const all = (await agents.list()).sort((one, other) => (one.id < other.id ? -1 : 1));
        return pageOfItems("coding_agents", query, all.map(present), ({ id }) => id);
      },
      listRoute(route, {
        scope: "coding_agents:read",
        tag,
        summary: "List coding agents",
        description: "Sorted by id.",
        key: "coding_agents",
        Item: AgentAnswer,
        query: SETUP,
      }),
    )
    .post("", async ({ body, status }) => status(201, present(await agents.create(body))), {
      ...route.json({
        scope: ADMIN,
        isGrave: true,
        tag,
        summary: "Add a coding agent",
        example: { id: "claude", command: "npx", args: ["-y", "@agentclientprotocol/claude-agent-acp"] },
        description: "Heddle runs the command on its own machine when a bot has it work.",
      }),
      body: named("NewCodingAgent", NewCodingAgent),
      response: { 201: AgentAnswer, ...failures(...bodyFailures, 409) },
    })
    .get("/:id", async ({ params }) => present(await agents.get(params.id)), {
      ...route.plain({ scope: "coding_agents:read", tag, summary: "Fetch a coding agent" }),
      params: Params,
      response: { 200: AgentAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, headers }) => present(await agents.update(params.id, body, asRead(headers))),
      {
        ...route.json({
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Change a coding agent",
          example: { timeout_seconds: 3_600 },
          description:
            "Fields that are left out are not changed; objects are replaced as a whole. When `command` or `args` change, `env` must be given again. Work that has begun is not affected.",
        }),
        ...IF_MATCH,
        params: Params,
        body: named("CodingAgentChange", CodingAgentChange),
        response: { 200: AgentAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .delete(
      "/:id",
      async ({ params, status }) => {
        await agents.delete(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: ADMIN,
          tag,
          summary: "Delete a coding agent",
          description: "Bots that name its tool have it no longer. Work that has begun goes on.",
        }),
        params: Params,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

function workingAgents({ agents, ownership, route }: CodingAgentRoutes) {
  return new Elysia({ prefix: "/api/v1/admin/coding-agents/:id", normalize: false })
    .post("/test", ({ params }) => agents.test(params.id, AbortSignal.timeout(TEST_MS)), {
      ...route.plain({
        scope: ADMIN,
        tag,
        summary: "Test a coding agent",
        description:
          "Starts it, begins a session, and ends it again, without asking for work. A failure is an answer too, with `ok: false`.",
      }),
      params: Params,
      response: { 200: TestAnswer, ...failures(403, 404, 409, 422) },
    })
    .get(
      "/sessions",
      async ({ params, query, request }) => {
        const reach = await ownership.reachOf(request);
        return pageOfRows(
          "coding_sessions",
          query,
          (page) => agents.sessions({ ...page, agent_id: params.id, reach }),
          presentSession,
        );
      },
      {
        ...listRoute(route, {
          scope: "coding_agents:read",
          tag,
          summary: "List what a coding agent worked on",
          description: "For the runs in reach. Newest first.",
          key: "coding_sessions",
          Item: SessionAnswer,
          query: ROWS,
          fails: [404],
        }),
        params: Params,
      },
    );
}

function present({ last_test, ...agent }: CodingAgentView) {
  return {
    ...agent,
    tool: toolName(agent.id),
    env: maskedValues(agent.env),
    last_test: last_test && {
      ok: last_test.error === null,
      error: last_test.error,
      agent_name: last_test.agent_name,
      agent_version: last_test.agent_version,
      tested_at: instant(last_test.tested_at),
    },
    created_at: instantOrNull(agent.created_at),
    updated_at: instantOrNull(agent.updated_at),
  };
}

const presentSession = (row: CodingSessionRow) => ({
  ...row,
  ended_at: instantOrNull(row.ended_at),
  created_at: instant(row.created_at),
});
