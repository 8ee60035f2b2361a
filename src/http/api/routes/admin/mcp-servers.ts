// The MCP servers that Heddle is a client of.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import type { AsRead } from "../../../../db/as-read.ts";
import { HeddleError } from "../../../../errors.ts";
import {
  type GivenMcpChange,
  type GivenMcpServer,
  McpServerChange,
  McpServerId,
  NewMcpServer,
} from "../../../../mcp/fields.ts";
import type { McpServerView } from "../../../../mcp/servers.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { asRead, IF_MATCH } from "../../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { JsonOf, nullable } from "../../schemas.ts";
import { type McpQuestionRoutes, mcpQuestionRoutes } from "../mcp-questions.ts";
import { presentAnnotations, ToolAnnotationsAnswer } from "../tools.ts";
import { McpServerAnswer, presentServer } from "./mcp-server-answer.ts";
import { type McpSignInRoutes, mcpSignInRoutes } from "./mcp-sign-in.ts";

const tag = "MCP servers";

const ToolAnswer = named(
  "McpTool",
  t.Object({
    name: t.String({ description: "As the server names it." }),
    reference: t.String({ description: "As bots name it." }),
    called: nullable(t.String(), "As models call it. Null: they cannot."),
    title: nullable(t.String(), "For people."),
    description: t.String({ description: "What models read." }),
    parameters: JsonOf("JSON Schema of its arguments."),
    annotations: ToolAnnotationsAnswer,
    problem: nullable(t.String(), "Why it cannot be used."),
  }),
);

const TestAnswer = named(
  "McpServerTest",
  t.Object({
    ok: t.Boolean({ description: "Whether it listed its tools." }),
    error: nullable(t.String(), "What does not work."),
    duration_ms: t.Integer({ description: "How long the test took." }),
  }),
);

const Params = t.Object({ id: McpServerId });

export interface McpServerRoutes {
  mcp: {
    list(): McpServerView[];
    get(id: string): McpServerView;
    create(given: GivenMcpServer): Promise<McpServerView>;
    update(id: string, change: GivenMcpChange, asRead?: AsRead): Promise<McpServerView>;
    delete(id: string): Promise<void>;
    check(id: string, signal: AbortSignal): Promise<McpServerView>;
  } & McpSignInRoutes["mcp"] & { questions: McpQuestionRoutes["questions"] };
  tools: { list(): { name: string; reference?: string | undefined }[] };
  signIn: Omit<McpSignInRoutes, "mcp" | "route"> & Pick<McpQuestionRoutes, "ownership">;
  route: RouteOptions;
}

/** The connection of a client that waits in silence is cut after 255 s. */
const TEST_MS = 120_000;

export function mcpServerRoutes({ mcp, tools, signIn, route }: McpServerRoutes) {
  return new Elysia({ normalize: false })
    .use(storedServers({ mcp, signIn, route }))
    .use(askedServers({ mcp, tools, route }))
    .use(mcpSignInRoutes({ ...signIn, mcp, route }))
    .use(mcpQuestionRoutes({ ...signIn, questions: mcp.questions, route }));
}

function storedServers({ mcp, signIn, route }: Omit<McpServerRoutes, "tools">) {
  const shown = (server: McpServerView) => presentServer(server, signIn.publicUrl() ?? signIn.localUrl());
  return new Elysia({ prefix: "/api/v1/admin/mcp-servers", normalize: false })
    .get(
      "",
      ({ query }) => {
        const all = mcp.list().sort((one, other) => (one.id < other.id ? -1 : 1));
        return pageOfItems("mcp_servers", query, all.map(shown), ({ id }) => id);
      },
      listRoute(route, {
        scope: "mcp_servers:read",
        tag,
        summary: "List MCP servers",
        description: "Sorted by id.",
        key: "mcp_servers",
        Item: McpServerAnswer,
        query: SETUP,
      }),
    )
    .post("", async ({ body, status }) => status(201, shown(await mcp.create(body))), {
      ...route.json({
        scope: ADMIN,
        isGrave: true,
        tag,
        summary: "Add an MCP server",
        example: {
          id: "files",
          transport: "stdio",
          command: "npx",
          args: ["-y", "@modelcontextprotocol/server-filesystem", "/srv/files"],
        },
        description: "Heddle connects to it at once. With `stdio` it runs the command on its own machine.",
      }),
      body: named("NewMcpServer", NewMcpServer),
      response: { 201: McpServerAnswer, ...failures(...bodyFailures, 409) },
    })
    .get("/:id", ({ params }) => shown(mcp.get(params.id)), {
      ...route.plain({ scope: "mcp_servers:read", tag, summary: "Fetch an MCP server" }),
      params: Params,
      response: { 200: McpServerAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, headers }) => shown(await mcp.update(params.id, body, asRead(headers))),
      {
        ...route.json({
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Change an MCP server",
          example: { timeout_seconds: 120 },
          description:
            "Fields that are left out are not changed; objects are replaced as a whole. When `url` moves to another server, `headers` must be given again; when `command` or `args` change, `env`.",
        }),
        ...IF_MATCH,
        params: Params,
        body: named("McpServerChange", McpServerChange),
        response: { 200: McpServerAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .delete(
      "/:id",
      async ({ params, status }) => {
        await mcp.delete(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: ADMIN,
          tag,
          summary: "Delete an MCP server",
          description: "Its program ends, and bots that name its tools have them no longer.",
        }),
        params: Params,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

function askedServers({ mcp, tools, route }: Omit<McpServerRoutes, "signIn">) {
  return new Elysia({ prefix: "/api/v1/admin/mcp-servers/:id", normalize: false })
    .post("/test", ({ params }) => test(mcp, params.id), {
      ...route.plain({
        scope: ADMIN,
        tag,
        summary: "Test an MCP server",
        description:
          "Connects to it if need be, and asks it for its tools. A failure is an answer too, with `ok: false`.",
      }),
      params: Params,
      response: { 200: TestAnswer, ...failures(403, 404, 409, 422) },
    })
    .get(
      "/tools",
      ({ params, query }) => {
        const called = new Map(tools.list().map(({ name, reference }) => [reference ?? "", name]));
        const all = mcp.get(params.id).tools.map((tool) => presentTool(params.id, tool, called));
        return pageOfItems("tools", query, all, ({ name }) => name);
      },
      {
        ...listRoute(route, {
          scope: "mcp_servers:read",
          tag,
          summary: "List the tools of an MCP server",
          description: "As it last listed them, with those that cannot be used.",
          key: "tools",
          Item: ToolAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: Params,
      },
    );
}

async function test(mcp: McpServerRoutes["mcp"], id: string) {
  const { is_enabled } = mcp.get(id);
  if (!is_enabled) throw new HeddleError("conflict", `The MCP server "${id}" is disabled: enable it first.`);
  const started = performance.now();
  const error = await mcp.check(id, AbortSignal.timeout(TEST_MS)).then(
    () => null,
    (failure: unknown) => mcp.get(id).status.error ?? String((failure as Error).message),
  );
  const duration_ms = Math.round(performance.now() - started);
  return { ok: error === null, error, duration_ms };
}

function presentTool(
  id: string,
  { listed, usable, problem }: McpServerView["tools"][number],
  called: ReadonlyMap<string, string>,
) {
  const { name, title = null, description = "", inputSchema } = listed;
  const reference = usable?.tool.reference ?? `mcp:${id}/${name}`;
  return {
    ...{ name, reference, title, description, problem },
    called: (usable && called.get(reference)) ?? null,
    parameters: inputSchema,
    annotations: presentAnnotations(usable?.tool.annotations ?? {}),
  };
}
