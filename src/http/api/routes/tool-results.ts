import { Elysia, t } from "elysia";
import { TASK_STATUSES } from "../../../db/schema.ts";
import type { ClientTools } from "../../../sessions/client-tools.ts";
import type { Tasks } from "../../../sessions/tasks.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, oneOf } from "../schemas.ts";

export interface ToolResultRoutes {
  clientTools: Pick<ClientTools, "take">;
  tasks: Pick<Tasks, "get">;
  route: RouteOptions;
}

const MOST_RESULTS = 128;

const GivenResult = t.Object(
  {
    call_id: t.String({
      minLength: 1,
      maxLength: 100,
      description: "The `id` of the call in `tool_request`.",
    }),
    result: t.Optional(
      t.Any({
        description: "What the tool returned: a text, or JSON. The model reads at most 30,000 characters.",
      }),
    ),
    error: t.Optional(
      t.String({ minLength: 1, maxLength: 4_000, description: "Why there is no result, for the model." }),
    ),
  },
  { additionalProperties: false },
);

/** Results of the tools that the client of a run carries out itself. */
export function toolResultRoutes({ clientTools, tasks, route }: ToolResultRoutes) {
  return new Elysia({ prefix: "/api/v1/tasks", normalize: false }).post(
    "/:id/tool-results",
    async ({ params: { id }, body: { results } }) => {
      await tasks.get(id);
      await clientTools.take(id, results.map(toResult));
      const { status } = await tasks.get(id);
      return { task_id: id, status };
    },
    {
      ...route.json({
        of: "task",
        scope: "chat:write",
        tag: "Chat",
        summary: "Give results of the client's own tools",
        example: { results: [{ call_id: "call_0198c0de", result: "22 degrees" }] },
        description:
          "The run goes on once every call of `tool_request` has a result; follow it with `GET /tasks/{id}/stream`. Sent again, a result changes nothing. 409: the time for it was over, or the run does not wait.",
      }),
      params: IdParams,
      body: t.Object(
        {
          results: t.Array(GivenResult, {
            minItems: 1,
            maxItems: MOST_RESULTS,
            description: "One or several of the results.",
          }),
        },
        { additionalProperties: false },
      ),
      response: {
        200: t.Object({
          task_id: Id,
          status: oneOf(TASK_STATUSES, "waiting: results of other calls are missing."),
        }),
        ...failures(...bodyFailures, 404, 409),
      },
    },
  );
}

function toResult({ call_id, result, error }: typeof GivenResult.static) {
  if (error !== undefined) return { call_id, content: JSON.stringify({ error }), error };
  return { call_id, content: typeof result === "string" ? result : (JSON.stringify(result) ?? "Done.") };
}
