import { Elysia, t } from "elysia";
import { notFound } from "../../../errors.ts";
import { ledBy } from "../../../hops.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { hopsIn } from "../../../sdk/hops.ts";
import type { JsonObject, ToolAnnotations } from "../../../sdk/types.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfItems, SETUP } from "../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { JsonOf, nullable, oneOf } from "../schemas.ts";

const tag = "Tools";

const annotation = (meaning: string) => nullable(t.Boolean(), `${meaning} Null: its author does not say.`);

export const ToolAnnotationsAnswer = named(
  "ToolAnnotations",
  t.Object(
    {
      read_only: annotation("It changes nothing."),
      idempotent: annotation("A second call with the same arguments changes nothing more."),
      destructive: annotation("It may delete or overwrite what cannot be brought back."),
      egress: annotation("What it is given can leave the server."),
    },
    { description: "What its author says that a call does." },
  ),
);

export const presentAnnotations = (annotations: ToolAnnotations) => ({
  read_only: annotations.readOnly ?? null,
  idempotent: annotations.idempotent ?? null,
  destructive: annotations.destructive ?? null,
  egress: annotations.egress ?? null,
});

const ToolAnswer = named(
  "Tool",
  t.Object({
    name: t.String({ description: "The name that models use." }),
    description: t.String({ description: "The description that models get." }),
    parameters: JsonOf("JSON Schema of its arguments."),
    timeout_seconds: t.Number({ description: "Seconds after which a call is given up." }),
    type: oneOf(
      ["builtin", "local", "mcp", "client"],
      "What carries it out: Heddle, an integration, an MCP server, or the client of a run.",
    ),
    annotations: ToolAnnotationsAnswer,
    can_reconcile: t.Boolean({
      description: "Whether it can tell if a call that a crash interrupted took effect.",
    }),
    source: oneOf(
      ["builtin", "integration", "mcp_server"],
      "Where it comes from: Heddle, an integration or an MCP server.",
    ),
    integration_id: nullable(t.String(), "The integration that it belongs to; null: it belongs to none."),
    mcp_server_id: nullable(t.String(), "The MCP server that it belongs to; null: it belongs to none."),
    reference: t.String({
      description: "How bots, messages, carapaces and channels name it; the name, except of an MCP server's.",
    }),
  }),
);

interface Tool {
  name: string;
  type: "builtin" | "local" | "mcp" | "client";
  annotations: ToolAnnotations;
  reconcile?: unknown;
  byNameOnly?: boolean | undefined;
  description: string;
  parameters: JsonObject;
  timeoutSeconds: number;
  /** An integration's id, "core", or "mcp:" and the id of a server. */
  owner: string;
  reference?: string | undefined;
}

const TriedAnswer = named(
  "TriedTool",
  t.Object({
    content: t.String({ description: "What a model would read." }),
    error: nullable(t.String(), "Why the call failed; null if it did not."),
    client_actions: t.Array(JsonOf("An action."), { description: "What it asks the client to do." }),
    duration_ms: t.Integer({ description: "How long it took." }),
  }),
);

const ToolParams = t.Object({
  name: t.String({ minLength: 1, maxLength: 64, description: "Name of the tool." }),
});

export interface ToolRoutes {
  /** Throws `validation` for arguments that do not fit the tool's schema. */
  tryTool(
    name: string,
    args: JsonObject,
  ): Promise<{ content: string; error: string | null; clientActions: JsonObject[]; durationMs: number }>;
  tools: { list(): Tool[]; get(name: string): Tool | undefined };
  route: RouteOptions;
}

export function toolRoutes({ tools, tryTool, route }: ToolRoutes) {
  return new Elysia({ prefix: "/api/v1/tools", normalize: false })
    .get(
      "",
      ({ query }) => {
        const integration = integrationIn(query);
        const wanted = tools
          .list()
          .filter(({ owner }) => integration === undefined || owner === integration)
          .map(present);
        return pageOfItems("tools", query, wanted, ({ name }) => name);
      },
      listRoute(route, {
        scope: "tools:read",
        tag,
        summary: "List tools",
        description: "Built-in tools, and those of live integrations and MCP servers, sorted by name.",
        key: "tools",
        Item: ToolAnswer,
        query: { ...INTEGRATION_FILTER, ...SETUP },
      }),
    )
    .get(
      "/:name",
      ({ params: { name } }) => {
        const tool = tools.get(name);
        if (!tool) throw notFound("tool", name);
        return present(tool);
      },
      {
        ...route.plain({ scope: "tools:read", tag, summary: "Fetch a tool" }),
        params: ToolParams,
        response: { 200: ToolAnswer, ...failures(403, 404, 422) },
      },
    )
    .post(
      "/:name/try",
      async ({ params: { name }, body, request: { headers } }) => {
        const tried = ledBy(hopsIn(headers), () => tryTool(name, body.arguments ?? {}));
        const { content, error, clientActions, durationMs } = await tried;
        return { content, error, client_actions: clientActions, duration_ms: durationMs };
      },
      {
        ...route.json({
          scope: "tools.{name}:use",
          scopeFor: ({ name = "" }) => `tools.${tools.get(name)?.reference ?? name}:use`,
          tag,
          summary: "Call a tool outside of any run",
          example: { arguments: {} },
          description:
            "It really acts, with the credentials of its integration. The scope of an MCP server's tool has its reference in the place of its name.",
        }),
        params: ToolParams,
        body: t.Object(
          { arguments: t.Optional(JsonOf("They must fit the tool's `parameters`.")) },
          { additionalProperties: false },
        ),
        response: { 200: TriedAnswer, ...failures(...bodyFailures, 404) },
      },
    );
}

const OWN = "core";

function sourceOf({ owner, type }: Pick<Tool, "owner" | "type">) {
  const none = { integration_id: null, mcp_server_id: null };
  if (owner === OWN || type === "builtin") return { ...none, source: "builtin" as const };
  if (type !== "mcp") return { ...none, source: "integration" as const, integration_id: owner };
  return { ...none, source: "mcp_server" as const, mcp_server_id: owner.slice("mcp:".length) };
}

const present = ({
  name,
  description,
  type,
  annotations,
  parameters,
  timeoutSeconds,
  owner,
  reconcile,
  reference,
}: Tool) => ({
  name,
  description,
  type,
  annotations: presentAnnotations(annotations),
  can_reconcile: reconcile !== undefined,
  parameters,
  timeout_seconds: timeoutSeconds,
  ...sourceOf({ owner, type }),
  reference: reference ?? name,
});
