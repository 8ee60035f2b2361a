import { type DashboardData, Elysia, t } from "heddle/sdk";
import { listBoard } from "../board.ts";
import { boardText, plansText } from "../markdown.ts";
import { overview, readiness } from "../overview.ts";
import { listPlans } from "../plans.ts";
import { approvalsFor } from "../server.ts";
import { SETUP } from "../setup.ts";
import { setupGuide } from "../setup-guide.ts";
import { tables } from "../tables.ts";
import { listTimeline, tell } from "../timeline.ts";
import { fleet } from "./channels.ts";
import { channelsIn, scopeQuery } from "./scope.ts";
import { who } from "./who.ts";

const LONGEST_PREFERENCES = 20_000;
const entry = t.Object({
  content: t.String({ minLength: 1, maxLength: 5_000 }),
  channel_id: t.Optional(t.Nullable(t.String({ maxLength: 100 }))),
});
const page = {
  days: t.Integer({ minimum: 1, maximum: 90, default: 7 }),
  limit: t.Integer({ minimum: 1, maximum: 500, default: 100 }),
  before: t.Optional(t.Integer({ minimum: 1 })),
  channel_id: t.Optional(t.String({ maxLength: 100 })),
};
const today = () => new Date().toISOString().slice(0, 10);

export const generalRoutes = new Elysia()
  .get(
    "/overview",
    async ({ query, request }) => {
      const only = await channelsIn(query, request);
      const approvals = await approvalsFor(request);
      return {
        ...(await overview(today(), { channels: only, approvals })),
        ...(await fleet(request, only)),
      };
    },
    { query: t.Object(scopeQuery) },
  )
  .get("/readiness", ({ request }) => readiness(request))
  .get("/setup-guide", ({ request }) => setupGuide(request))
  .get("/modules", () => ({ modules: SETUP.dashboard_modules }))
  .get("/mc/overview/data", async ({ request }): Promise<DashboardData> => {
    const { needs_person, columns, plans } = await overview(today(), {
      approvals: await approvalsFor(request),
    });
    return {
      title: "Mission Control",
      sections: [
        {
          type: "stat_row",
          stats: [
            { label: "Waits for a person", value: needs_person.length },
            { label: "Plans that run", value: plans.length },
            ...columns.map(({ name, task_count }) => ({ label: name, value: task_count })),
          ],
        },
      ],
    };
  })
  .get(
    "/timeline",
    async ({ query, request }) => ({
      events: await listTimeline({ ...query, channels: await channelsIn(query, request) }),
    }),
    {
      query: t.Object({
        ...scopeQuery,
        ...page,
        kind: t.Optional(
          t.Union((["card", "plan", "note", "journal"] as const).map((one) => t.Literal(one))),
        ),
      }),
    },
  )
  .post(
    "/timeline",
    async ({ body, request }) => ({
      event: await tell(tables, { ...body, kind: "note", actor: who(request).name }),
    }),
    { body: entry },
  )
  .get(
    "/journal",
    async ({ query, request }) => ({
      entries: await listTimeline({ ...query, channels: await channelsIn(query, request), kind: "journal" }),
    }),
    {
      query: t.Object({ ...page, ...scopeQuery }),
    },
  )
  .post(
    "/journal",
    async ({ body, request }) => ({
      entry: await tell(tables, { ...body, kind: "journal", actor: who(request).name }),
    }),
    { body: entry },
  )
  .get("/prefs", async ({ request }) => {
    const [row] = await tables.query<{ value: object }>("SELECT value FROM preferences WHERE caller = $1", [
      who(request).id,
    ]);
    return row?.value ?? {};
  })
  .put(
    "/prefs",
    async ({ body, request, status }) => {
      if (JSON.stringify(body).length > LONGEST_PREFERENCES) {
        return status(413, {
          error: { code: "payload_too_large", message: "Preferences must be at most 20,000 characters." },
        });
      }
      await tables.query(
        "INSERT INTO preferences (caller, value) VALUES ($1, $2::jsonb) ON CONFLICT (caller) DO UPDATE SET value = excluded.value",
        [who(request).id, body],
      );
      return body;
    },
    { body: t.Record(t.String(), t.Unknown()) },
  )
  .get("/export", async ({ set }) => {
    set.headers["content-type"] = "text/markdown; charset=utf-8";
    set.headers["content-disposition"] = 'attachment; filename="mission-control.md"';
    return `${boardText(await listBoard())}\n${plansText(await listPlans({}, 1000))}`;
  });
