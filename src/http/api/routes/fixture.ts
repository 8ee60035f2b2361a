import { Elysia, t } from "elysia";
import { named } from "../../../schema/openapi-schema.ts";
import type { MakeFixture } from "../../../sessions/make-fixture.ts";
import type { Tasks } from "../../../sessions/tasks.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { IdParams } from "../schemas.ts";

const FixtureAnswer = named(
  "Fixture",
  t.Object({
    file: t.String({ description: "A name for its file." }),
    text: t.String({ description: "The fixture as YAML, for `heddle eval`." }),
  }),
);

export interface FixtureRoutes {
  makeFixture: MakeFixture;
  tasks: Pick<Tasks, "get">;
  ownership: Pick<Ownership, "reachOf" | "reachesChannel">;
  route: RouteOptions;
}

export function fixtureRoutes({ makeFixture, tasks, ownership, route }: FixtureRoutes) {
  return new Elysia({ prefix: "/api/v1/tasks", normalize: false }).get(
    "/:id/fixture",
    async ({ params, request }) => {
      const { channel_id } = await tasks.get(params.id);
      // The sender of an event sees its outcome, and nothing else of the channel that it reached.
      return makeFixture(params.id, { withPlace: await ownership.reachesChannel(request, channel_id) });
    },
    {
      ...route.plain({
        of: "task",
        scope: "tasks:read",
        tag: "Tasks",
        summary: "Make a fixture of a run",
        description:
          "Its message, what its tools answered and what was said before, for `heddle eval`. Known secrets are replaced. 409 if another run answers the message.",
      }),
      params: IdParams,
      response: { 200: FixtureAnswer, ...failures(403, 404, 409) },
    },
  );
}
