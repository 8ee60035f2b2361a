import { Elysia, t } from "elysia";
import { notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { JsonObject } from "../../../sdk/types.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfItems, SETUP } from "../list.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { JsonOf, nullable, oneOf } from "../schemas.ts";

const tag = "Tools";

const ToolAnswer = named(
  "Tool",
  t.Object({
    name: t.String({ description: "The name that bots, messages, carapaces and channels use." }),
    description: t.String({ description: "The description that models get." }),
    parameters: JsonOf("JSON Schema of its arguments."),
    timeout_seconds: t.Number({ description: "Seconds after which a call is given up." }),
    source: oneOf(["builtin", "integration"], "Where it comes from: Heddle or an integration."),
    integration_id: nullable(t.String(), "The integration that it belongs to; null for a built-in tool."),
  }),
);

interface Tool {
  name: string;
  description: string;
  parameters: JsonObject;
  timeoutSeconds: number;
  /** An integration's id, or "core". */
  owner: string;
}

export interface ToolRoutes {
  tools: { list(): Tool[]; get(name: string): Tool | undefined };
  route: RouteOptions;
}

export function toolRoutes({ tools, route }: ToolRoutes) {
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
        description: "Built-in tools and those of live integrations, sorted by name.",
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
        params: t.Object({
          name: t.String({ minLength: 1, maxLength: 64, description: "Name of the tool." }),
        }),
        response: { 200: ToolAnswer, ...failures(403, 404, 422) },
      },
    );
}

const OWN = "core";

const present = ({ name, description, parameters, timeoutSeconds, owner }: Tool) => ({
  name,
  description,
  parameters,
  timeout_seconds: timeoutSeconds,
  source: owner === OWN ? ("builtin" as const) : ("integration" as const),
  integration_id: owner === OWN ? null : owner,
});
