// What is known of evals: runs as fixtures, and stored results.

import { Elysia } from "elysia";
import type { Database } from "../../../db/database.ts";
import { createEvals } from "../../../evals/evals.ts";
import type { Redact } from "../../../redact.ts";
import { createMakeFixture, type FixtureOptions } from "../../../sessions/make-fixture.ts";
import { type EvalCallRoutes, evalCallRoutes } from "./eval-calls.ts";
import { evalRoutes } from "./evals.ts";
import { type FixtureRoutes, fixtureRoutes } from "./fixture.ts";

interface Options extends Omit<FixtureRoutes, "makeFixture">, Pick<EvalCallRoutes, "calls"> {
  db: Pick<Database, "query">;
  redact: Redact;
  tools: FixtureOptions["tools"];
}

export function fixturesAndEvals({ db, redact, tools, calls, ...shared }: Options) {
  return new Elysia({ normalize: false })
    .use(fixtureRoutes({ makeFixture: createMakeFixture({ db, redact, tools }), ...shared }))
    .use(evalCallRoutes({ calls, route: shared.route }))
    .use(evalRoutes({ evals: createEvals({ db, redact }), ...shared }));
}
