// Requests every route of the API with every kind of key: without the scope the answer is 403, and what belongs to
// others does not exist. The routes come from the documentation, so that new ones are included.

import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { OPERATOR } from "../../../src/access/caller.ts";
import { covers, SCOPE_PRESETS } from "../../../src/access/scopes.ts";
import {
  approvals,
  inboxEvents,
  mcpQuestions,
  memories,
  processLines,
  tasks,
} from "../../../src/db/schema.ts";
import { newId } from "../../../src/ids.ts";
import { given } from "../../attachments/files.ts";
import { oneDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

interface Route {
  method: string;
  /** The path, with "{id}". */
  path: string;
  scope: string;
}

const PERSON = { integration_id: "mail", external_id: "7", name: "top secret words", status: "blocked" };
const SECRET = "top secret words";

/** What an id in a path names, by the path's prefix. Paths that are not listed have no owner. */
const OWNED: Record<string, keyof Victim> = {
  "/api/v1/sessions/{id}": "session",
  "/api/v1/channels/{id}": "channel",
  "/api/v1/admin/channels/{id}": "channel",
  "/api/v1/tasks/{id}": "task",
  "/api/v1/deliveries/{id}": "delivery",
  "/api/v1/documents/{id}": "document",
  "/api/v1/memories/{id}": "memory",
  "/api/v1/attachments/{id}": "attachment",
  "/api/v1/schedules/{id}": "schedule",
  "/api/v1/approvals/{id}": "approval",
  "/api/v1/mcp-questions/{id}": "question",
  "/api/v1/inbox/{id}": "webhook",
  "/api/v1/people/{id}": "person",
  "/api/v1/admin/integrations/{id}": "integration",
  "/api/v1/integrations/{id}": "integration",
};
/** A person's key belongs to no integration, so it sees everything about integrations that its scopes cover. */
const OF_INTEGRATIONS = new Set<keyof Victim>(["integration", "webhook", "person"]);
const COMMON =
  /^\/api\/v1\/(bots|budgets|evals|tools|policies|skills|carapaces|templates|api-keys|sign-ins|admin\/providers|admin\/mcp-servers|admin\/coding-agents)\//;

interface Victim {
  session: string;
  channel: string;
  task: string;
  delivery: string;
  document: string;
  memory: string;
  attachment: string;
  schedule: string;
  approval: string;
  question: string;
  webhook: string;
  person: string;
  integration: string;
}

oneDatabase("every route", (open) => {
  let http: HttpFixture;
  let routes: Route[];
  let victim: Victim;

  beforeAll(async () => {
    const db = await open();
    http = await createHttpFixture(db, {
      dispatchers: { room: { deliver: async () => ({ receipt: 1 }) } },
      integrations: {
        camera: { handle: async () => new Response() },
        mail: { handle: async () => new Response(), dispatchers: ["room"] },
      },
    });
    routes = await documented(http);
    victim = await makeVictim(http, db);
  });

  const call = (key: string | null, { method, path }: Route, id: string) => {
    const real = path
      .replace("{id}", id)
      .replace("{binding_id}", newId())
      .replace(/\{\w+\}/g, "x");
    const body = ["POST", "PUT", "PATCH"].includes(method) ? {} : undefined;
    return http.send(method, real, { key, ...(body && { body }) });
  };

  const ownedBy = ({ path }: Route): keyof Victim | undefined => {
    const beginning = Object.keys(OWNED).find((one) => path === one || path.startsWith(`${one}/`));
    return beginning === undefined ? undefined : OWNED[beginning];
  };

  test("is either about something with an owner, or listed as common", () => {
    expect(routes.length).toBeGreaterThan(80);
    const unknown = routes.filter((route) => route.path.includes("{") && !ownedBy(route));
    expect(unknown.filter(({ path }) => !COMMON.test(path))).toEqual([]);
  });

  test("needs a key with a scope that covers it", async () => {
    const sets: Record<string, readonly string[]> = { useless: ["usage:read"], ...SCOPE_PRESETS };
    for (const [name, scopes] of Object.entries(sets)) {
      const { key } = await http.apiKeys.create({ name, scopes: [...scopes] }, OPERATOR);
      for (const route of routes) {
        const { status } = await call(null, route, victim[ownedBy(route) ?? "session"]);
        if (name === "useless") expect([route, status]).toEqual([route, 401]);
        if (covers(scopes, route.scope.replace("{id}", "mail"))) continue;
        const uncovered = await call(key, route, victim[ownedBy(route) ?? "session"]);
        expect([name, route, uncovered.status]).toEqual([name, route, 403]);
      }
    }
  });

  test("hides what belongs to others: ids are not found, and lists do not contain them", async () => {
    const scopes = [...new Set(routes.map(({ scope }) => scope))].filter(
      (scope) => scope !== "admin" && !scope.includes("{"),
    );
    const process = http.apiKeys.issueEphemeral({
      name: "p",
      scopes: [...scopes, "integrations.mail.store:write"],
      integrationId: "camera",
    });
    const person = await http.apiKeys.create({ name: "c", scopes, rows: "own" }, OPERATOR);
    for (const [kind, key] of [
      ["process", process.key],
      ["person", person.key],
    ] as const) {
      for (const route of routes) {
        const what = ownedBy(route);
        if (route.scope === "admin" || (what && kind === "person" && OF_INTEGRATIONS.has(what))) continue;
        if (what !== undefined) {
          const { status } = await call(key, route, victim[what]);
          expect([kind, route, status]).toEqual([kind, route, 404]);
        } else if (route.method === "GET") {
          const query = route.path.endsWith("/search") ? "?q=secret" : "";
          const { body } = await call(key, { ...route, path: route.path + query }, "x");
          const text = JSON.stringify(body);
          const isCommon = kind === "person" && /inbox|integrations|people/.test(route.path);
          const seen = isCommon ? [] : [SECRET, ...Object.values(victim).filter((id) => id !== "mail")];
          expect([kind, route, seen.filter((one) => text.includes(one))]).toEqual([kind, route, []]);
        }
      }
    }
    expect((await http.send("GET", `/api/v1/tasks/${victim.task}`)).body.prompt).toBe(SECRET);
  });
});

async function documented({ send }: HttpFixture): Promise<Route[]> {
  const { body } = await send("GET", "/swagger/all/json", { key: null });
  return Object.entries<Record<string, { description?: string }>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { description = "" }]) => {
      const scope = /Needs the scope `([^`]+)`/.exec(description)?.[1];
      return scope === undefined ? [] : [{ method: method.toUpperCase(), path, scope }];
    }),
  );
}

/** A conversation of an integration, with everything that belongs to it. */
async function makeVictim(http: HttpFixture, db: Parameters<typeof createHttpFixture>[0]): Promise<Victim> {
  const post = async (path: string, body: object) =>
    (await http.send("POST", `/api/v1${path}`, { body })).body;
  const { session_id } = await post("/sessions", { client_id: "mail:alice" });
  const { task_id } = await post(`/sessions/${session_id}/messages`, {
    content: SECRET,
    run_agent: true,
    attachments: [given("a.txt", SECRET)],
  });
  const [{ attachments }] = (await http.send("GET", `/api/v1/sessions/${session_id}/messages`)).body;
  const document = await post("/documents", { content: SECRET, integration_id: "mail", session_id });
  const { channel_id } = (await http.send("GET", `/api/v1/tasks/${task_id}`)).body;
  await db.query.transaction((tx) =>
    http.outbox.write(tx, {
      task_id,
      session_id,
      bot_id: "default",
      correlation_id: newId(),
      dispatch_type: "room",
      dispatch_config: { text: SECRET },
      payload: { kind: "result", text: SECRET, client_actions: [], extra_metadata: {} },
    }),
  );
  const webhook = newId();
  await db.query.insert(inboxEvents).values({
    id: webhook,
    integration_id: "mail",
    method: "POST",
    path: "/webhook",
    headers: {},
    body: SECRET,
    body_bytes: 3,
    verdict: "accepted",
    duration_ms: 1,
  });
  await db.query.insert(processLines).values({ integration_id: "mail", source: "stdout", text: SECRET });
  const [delivery] = (await http.send("GET", "/api/v1/deliveries")).body.deliveries;
  const memory = newId();
  const [{ message_id } = { message_id: newId() }] = await db.query
    .select({ message_id: tasks.message_id })
    .from(tasks)
    .where(eq(tasks.id, task_id));
  await db.query.insert(memories).values({
    id: memory,
    memory_id: memory,
    version: 1,
    bot_id: "default",
    text: SECRET,
    status: "unreviewed",
    session_id,
    message_id,
    task_id,
  });
  const schedule = await post("/schedules", {
    name: SECRET,
    channel_id,
    bot_id: "default",
    content: SECRET,
    timing: { kind: "cron", cron: "0 9 * * *" },
    enabled: false,
  });
  const question = newId();
  await db.query.insert(mcpQuestions).values({
    ...{ id: question, task_id, session_id, bot_id: "default", server_id: "notes" },
    ...{ tool_reference: "mcp:notes/add", message: SECRET, schema: {} },
    expires_at: new Date(Date.now() + 60_000),
  });
  const approval = newId();
  await db.query.insert(approvals).values({
    ...{
      id: approval,
      task_id,
      session_id,
      channel_id,
      bot_id: "default",
      correlation_id: newId(),
      message_id,
    },
    ...{ call_id: "1", tool_name: "look", arguments: { text: SECRET }, call_hash: "", policy_name: SECRET },
    ...{ on_timeout: "deny", expires_at: new Date(Date.now() + 3_600_000) },
  });
  return {
    approval,
    question,
    schedule: schedule.id,
    session: session_id,
    channel: channel_id,
    task: task_id,
    delivery: delivery.id,
    document: document.id,
    memory,
    attachment: attachments[0].id,
    webhook,
    person: (await post("/people", PERSON)).id,
    integration: "mail",
  };
}
