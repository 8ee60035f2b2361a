// The routes for administrators, below /integrations/webhook/endpoints. The manifest declares that they need the scope `admin`.

import { Elysia, t } from "heddle/sdk";
import { Changes, type Endpoint, NewEndpoint, NewSecret, TestEvent } from "./endpoint.ts";
import {
  addSecret,
  type Changed,
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  deleteSecret,
  findEndpoint,
  listEndpoints,
} from "./endpoints.ts";
import { presets } from "./presets.ts";
import { sendTestEvent } from "./test-event.ts";

const Page = t.Object({
  limit: t.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: t.Optional(t.String({ maxLength: 64 })),
});

/** What `preset` of a new endpoint fills in. */
export const presetRoutes = new Elysia().get("/endpoint-presets", () => ({ presets: presets() }));

export const endpointRoutes = new Elysia({ prefix: "/endpoints" })
  .get(
    "",
    async ({ query: { limit, cursor } }) => {
      const found = await listEndpoints(limit + 1, cursor);
      const page = found.slice(0, limit);
      return {
        endpoints: page.map(present),
        next_cursor: found.length > limit ? (page.at(-1)?.name ?? null) : null,
      };
    },
    { query: Page },
  )
  .post("", async ({ body }) => answer(await createEndpoint(body), 201), { body: NewEndpoint })
  .get("/:name", async ({ params }) => {
    const endpoint = await findEndpoint(params.name);
    return answer(endpoint ? { is: "done", endpoint } : { is: "unknown" });
  })
  .patch(
    "/:name",
    async ({ params, body, request }) =>
      answer(await changeEndpoint(params.name, body, versionIn(request.headers))),
    { body: Changes },
  )
  .delete("/:name", async ({ params }) =>
    (await deleteEndpoint(params.name)) ? new Response(null, { status: 204 }) : answer({ is: "unknown" }),
  )
  .post(
    "/:name/test",
    async ({ params, body }) => {
      const endpoint = await findEndpoint(params.name);
      if (!endpoint) return answer({ is: "unknown" });
      const tested = await sendTestEvent(endpoint, body);
      if (tested.is === "sent") return tested.answer;
      return problem(409, { code: "conflict", message: tested.message });
    },
    { body: TestEvent },
  )
  .post(
    "/:name/secrets",
    async ({ params, body }) => answer(await addSecret(params.name, body.secret), 201),
    {
      body: NewSecret,
    },
  )
  .delete("/:name/secrets/:id", async ({ params }) => answer(await deleteSecret(params.name, params.id)));

/** Of If-Match: the `updated_at` as it was read. */
function versionIn(headers: Headers): string | undefined {
  const given = headers.get("if-match")?.trim();
  return given === undefined || given === "*" ? undefined : given.replace(/^W\//, "").replaceAll('"', "");
}

function answer(changed: Changed, status = 200): Response {
  switch (changed.is) {
    case "done": {
      const { endpoint, secret } = changed;
      return Response.json({ ...present(endpoint), ...(secret !== undefined && { secret }) }, { status });
    }
    case "unknown":
      return problem(404, {
        code: "not_found",
        message: "There is no such endpoint, or it has no such secret.",
      });
    case "taken":
      return problem(409, {
        code: "conflict",
        message: "There is already an endpoint with this name.",
        field: "name",
      });
    case "changed":
      return problem(412, {
        code: "changed_meanwhile",
        message: "This endpoint was changed after it was read; read it again before you change it.",
      });
    case "wrong":
      return problem(422, { code: "validation", message: changed.message, field: changed.field });
    default: {
      const never: never = changed;
      return never;
    }
  }
}

const problem = (status: number, error: { code: string; message: string; field?: string }): Response =>
  Response.json({ error }, { status });

/** Of secrets, only id and date are shown. */
const present = ({ id: _, dispatch_id: _secrets, ...endpoint }: Endpoint) => ({
  ...endpoint,
  preset: endpoint.preset ?? null,
  path: `/integrations/webhook/${endpoint.name}`,
});
