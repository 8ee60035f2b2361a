// Mission Control in whole servers: two of them on PostgreSQL, killed while a step runs.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { oneDatabase } from "../database.ts";
import { readEvents } from "../events/sse.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, lapse, launch } from "../faults/process.ts";
import { fakeEndpoint, type Received, type Reply } from "../providers/fake-endpoint.ts";
import { until } from "../until.ts";

setDefaultTimeout(60_000);
afterAll(killAll);

const BASE = "/integrations/mission_control";
/** Steps that the model has been asked to do, by their text. */
const asked: string[] = [];
/** Holds the model back while a step says "slowly". */
let gate = Promise.withResolvers<void>();

async function model({ body }: Received): Promise<Reply> {
  const finish = (delta: object, finish_reason: string) => ({
    events: [
      { choices: [{ index: 0, delta, finish_reason: null }] },
      { choices: [{ index: 0, delta: {}, finish_reason }] },
    ],
  });
  const last = body.messages.at(-1);
  // "CALL name {…}": the bot makes this call.
  const [, tool, args] =
    /CALL (\w+) (\{.*\})/.exec(typeof last.content === "string" ? last.content : "") ?? [];
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.25 };
  if (last.role === "user" && tool !== undefined) {
    const call = { index: 0, id: "call_1", function: { name: tool, arguments: args } };
    const events = [
      { choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] },
      { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }], usage },
    ];
    return { events };
  }
  if (last.role === "tool") return finish({ content: "It could not be done." }, "stop");
  const text = JSON.stringify(last.content);
  // The list of all steps is in the message as well.
  const step = /Step \d+ of [^:]+:\\n\\n(do \w+ \w+)/.exec(text)?.[1] ?? "";
  asked.push(step);
  if (step.endsWith("slowly")) await gate.promise;
  const plan_id = /plan-[0-9a-f]{10}/.exec(text)?.[0];
  if (step !== "do it badly") return finish({ content: `Did: ${step}` }, "stop");
  const failed = { plan_id, step: 1, status: "failed", result: "No ladder" };
  const call = { name: "update_plan_step", arguments: JSON.stringify(failed) };
  return finish({ tool_calls: [{ index: 0, id: "call_1", function: call }] }, "tool_calls");
}

oneDatabase("Mission Control", (open) => {
  let endpoint: Awaited<ReturnType<typeof fakeEndpoint>>;
  let databaseUrl: string | undefined;
  let start: () => HeddleProcess;
  let servers: HeddleProcess[] = [];
  let urls: string[] = [];
  const [one, two] = [() => urls[0] ?? "", () => urls.at(-1) ?? ""];

  beforeAll(async () => {
    endpoint = await fakeEndpoint(model);
    gate = Promise.withResolvers();
    asked.length = 0;
    const place = await open.place();
    databaseUrl = place.databaseUrl;
    start = () =>
      launch({
        arguments: ["--home", place.home, "--port", "0"],
        environment: { ...(databaseUrl && { DATABASE_URL: databaseUrl }), OPENAI_BASE_URL: endpoint.url },
      });
    await startAll();
  });
  afterAll(async () => {
    gate.resolve();
    await killAll();
    await endpoint[Symbol.asyncDispose]();
  });
  async function startAll(): Promise<void> {
    servers = databaseUrl === undefined ? [start()] : [start(), start()];
    urls = await Promise.all(servers.map(({ started }) => started));
  }

  async function send(url: string, path: string, body: object, method = "POST", key = ADMIN_KEY) {
    const response = await fetch(url + BASE + path, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as any };
  }
  async function keyWith(scopes: string[]): Promise<string> {
    const response = await fetch(`${one()}/api/v1/api-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ name: scopes.join(), scopes }),
    });
    return ((await response.json()) as { key: string }).key;
  }
  const plan = async (id: string) => (await ask(one(), `${BASE}/plans/${id}`)).plan;
  const board = async (): Promise<Record<string, string[]>> => {
    const { columns } = await ask(one(), `${BASE}/kanban`);
    return Object.fromEntries(
      columns.map(({ name, cards }: { name: string; cards: { title: string }[] }) => [
        name,
        cards.map(({ title }) => title),
      ]),
    );
  };

  test("cards are made once, moved in order and never over somebody else's move; scopes are checked", async () => {
    const card = { title: "Paint the fence", priority: "high", idempotency_key: "fence", due: "2026-01-31" };
    const made = await Promise.all([one(), two()].map((url) => send(url, "/kanban/create", card)));
    expect(made.map(({ body }) => body.duplicate).sort()).toEqual([false, true]);
    const [{ body }] = made as [(typeof made)[number]];
    for (const title of ["Mow", "Rake"]) await send(two(), "/kanban/create", { title });
    const rake = (await send(one(), "/kanban/create", { title: "Oil", column: "Ideas" })).body.card;
    const { id } = body.card;
    const move = (fields: object) => send(one(), "/kanban/move", { card_id: id, ...fields });
    expect(await board()).toMatchObject({ Backlog: ["Paint the fence", "Mow", "Rake"], Ideas: ["Oil"] });
    expect((await move({ from_column: "Backlog", to_column: "Backlog" })).status).toBe(200);
    expect((await board()).Backlog).toEqual(["Mow", "Rake", "Paint the fence"]);
    expect((await move({ to_column: "Ideas", after_id: null })).body.card.column_name).toBe("Ideas");
    const stale = await move({ from_column: "Backlog", to_column: "Done" });
    expect([stale.status, stale.body.error.code]).toEqual([409, "conflict"]);
    const done = (await move({ from_column: "Ideas", to_column: "Done", after_id: rake.id })).body.card;
    expect(done.completed_at).toBeString();
    expect(Object.keys(await board())).toEqual(["Backlog", "In Progress", "Review", "Ideas", "Done"]);
    const odd = await send(one(), "/kanban/create", {
      title: "Odd \0\ud800",
      tags: ["\0", "\\u0000"],
      column: "Done",
    });
    expect([odd.status, odd.body.card?.title, odd.body.card?.tags]).toEqual([
      ...[200, "Odd \ufffd\ufffd"],
      ["\ufffd", "\\u0000"],
    ]);
    await send(one(), `/kanban/${odd.body.card.id}`, {}, "DELETE");
    expect((await send(one(), "/prefs", { "a\0": "\udfff" }, "PUT")).status).toBe(200);
    const { events } = await ask(two(), `${BASE}/timeline?days=1&kind=card&limit=3`);
    expect(events[2]).toMatchObject({ content: "Task moved from Ideas to Done: Paint the fence" });

    const key = await keyWith(["mission_control:read"]);
    expect((await ask(one(), `${BASE}/readiness`, "GET", key)).kanban).toMatchObject({ count: 3, total: 4 });
    expect((await send(one(), "/kanban/create", { title: "No" }, "POST", key)).status).toBe(403);
  });

  test("what changes is published with the change, on every server, to those who may read the board", async () => {
    const followers = await Promise.all(
      ["mission_control:read", "integrations:read"].map(async (scope) =>
        readEvents(
          await fetch(`${one()}/api/v1/events`, {
            headers: { authorization: `Bearer ${await keyWith(["tasks:read", scope])}` },
          }),
        ),
      ),
    );
    for (const follower of followers) await follower.until(({ event }) => event === "open");
    const { card } = (await send(two(), "/kanban/create", { title: "Wave" })).body;
    const stale = { card_id: card.id, from_column: "Done", to_column: "Review" };
    expect((await send(two(), "/kanban/move", stale)).status).toBe(409);
    await send(two(), "/kanban/move", { card_id: card.id, to_column: "Review" });
    const [reader, other] = followers as [(typeof followers)[0], (typeof followers)[0]];
    const isMoved = ({ data }: { data: { type?: string } }) =>
      data.type === "custom.mission_control.card.changed";
    const published = [...(await reader.until(isMoved)), ...(await reader.until(isMoved))];
    expect(published).toMatchObject(
      [1, 2].map(() => ({
        event: "custom.mission_control.card.changed",
        data: { integration_id: "mission_control", data: { card_id: card.id } },
      })),
    );
    // The same stream goes on without them for a key that may not read the board.
    for (const action of ["disable", "enable"]) {
      await fetch(`${one()}/api/v1/admin/integrations/webhook/${action}`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      });
    }
    const seen = await other.until(({ data }) => data.integration_id === "webhook");
    // A server on a busy machine may still be loading its other integrations.
    expect([...new Set(seen.map(({ event }) => String(event).split(".", 1)[0]))]).toEqual(["integration"]);
    for (const follower of followers) await follower.cancel();
  });

  test("what the server knows of channels and memories is shown as far as the caller may see it", async () => {
    const post = (path: string, body: object) =>
      fetch(one() + path, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      }).then((response) => response.json() as Promise<{ id: string }>);
    const { id } = await post("/api/v1/channels", {
      client_id: "docs:garden",
      name: "Garden",
      bot_id: "default",
    });
    await send(one(), "/kanban/create", { title: "Dig", channel_id: id });
    const reader = await keyWith(["mission_control:*"]);
    const all = await ask(two(), `${BASE}/overview`);
    expect(all.channels).toContainEqual(
      expect.objectContaining({ id, bot_id: "default", task_count: 1, is_member: false }),
    );
    expect(await ask(two(), `${BASE}/overview`, "GET", reader)).toMatchObject({
      channels: [],
      bots: [],
      total_bots: 0,
    });
    expect((await send(one(), `/channels/${id}/join`, {}, "POST", reader)).body.error.code).toBe("forbidden");
    const memory = await fetch(`${one()}${BASE}/memory`, { headers: { authorization: `Bearer ${reader}` } });
    expect(memory.status).toBe(403);
    expect(await ask(two(), `${BASE}/memory`)).toEqual({ bots: [] });
    // A ticket that somebody outside makes up is nobody's.
    const forged = { authorization: `Bearer ${reader}`, "heddle-caller-ticket": "a" };
    expect((await fetch(`${one()}${BASE}/memory`, { headers: forged })).status).toBe(403);

    expect((await send(one(), `/channels/${id}/join`, {})).body).toMatchObject({ is_member: true });
    const mine = await ask(two(), `${BASE}/kanban?scope=personal`);
    expect(
      mine.columns.flatMap(({ cards }: { cards: { title: string }[] }) => cards.map(({ title }) => title)),
    ).toEqual(["Dig"]);
    expect((await ask(two(), `${BASE}/timeline?scope=personal`)).events).toHaveLength(1);
    expect(await ask(two(), `${BASE}/overview?scope=personal`)).toMatchObject({
      total_channels: 1,
      total_tasks: 1,
    });
    expect(await ask(two(), `${BASE}/channels/${id}/context`)).toMatchObject({
      channel: { id, name: "Garden" },
      ...{
        bot: { id: "default" },
        is_member: true,
        memories: [],
        recent: [{ content: "Task created: Dig" }],
      },
    });
    const folders = await ask(two(), `${BASE}/channels/${id}/workspace/files`);
    expect(folders.entries.map(({ path }: { path: string }) => path)).toEqual([
      ...["bots", "common", "integrations", "users"],
    ]);
    const missing = await fetch(`${one()}${BASE}/channels/${id}/workspace/files/content?path=common/no.md`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(missing.status).toBe(404);
    await send(one(), `/channels/${id}/leave`, {});
    expect(
      (await ask(two(), `${BASE}/kanban?scope=personal`)).columns.every(
        ({ cards }: { cards: [] }) => cards.length === 0,
      ),
    ).toBe(true);
    expect((await send(one(), "/channels/019aacc5-7d3e-7d31-a6a3-f5d4be1f2f7c/join", {})).status).toBe(404);
    const guide = await ask(one(), `${BASE}/setup-guide`);
    expect(guide.steps.map(({ id, done }: { id: string; done: boolean }) => [id, done])).toEqual([
      ["task", true],
      ["activate", false],
      ["bot", false],
      ["approve", false],
    ]);
    expect((await ask(one(), `${BASE}/readiness`)).memory).toMatchObject({ ready: false, count: 0 });
  });

  test("a card shows every run that had to do with it, and what they cost; calls to approve come first", async () => {
    const api = async (path: string, body?: object) => {
      const response = await fetch(`${one()}/api/v1${path}`, {
        method: body ? "POST" : "GET",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      return (await response.json()) as any;
    };
    await api("/bots", {
      id: "carpenter",
      name: "Carpenter",
      tools: ["*_task_card", "append_timeline_event"],
    });
    const say = async (message: string) =>
      (await api("/chat", { client_id: "docs:bench", bot_id: "carpenter", message })).task_id as string;
    const first = await say('CALL create_task_card {"title": "Mend the bench"}');
    const { columns } = await ask(two(), `${BASE}/kanban`);
    const card = columns[0].cards.find(({ title }: { title: string }) => title === "Mend the bench");
    expect(card).toMatchObject({ task_id: first, run_count: 1, bot_id: "carpenter" });
    const second = await say(`CALL move_task_card {"card_id": "${card.id}", "to_column": "Review"}`);
    const third = await say(
      `CALL append_timeline_event {"text": "Look at the legs.", "card_id": "${card.id}"}`,
    );
    // A person's move is nobody's run.
    await send(one(), "/kanban/move", { card_id: card.id, to_column: "In Progress" });
    const shown = await ask(two(), `${BASE}/kanban/${card.id}/runs`);
    expect(shown).toMatchObject({ total: 3, cost_usd: 0.75 });
    expect(
      shown.runs.map(({ task_id, status, cost_usd }: Record<string, unknown>) => [task_id, status, cost_usd]),
    ).toEqual([third, second, first].map((id) => [id, "complete", 0.25]));
    const { events } = await ask(two(), `${BASE}/timeline?days=1&limit=3`);
    expect(events.map(({ content, task_id }: Record<string, unknown>) => [content, task_id])).toEqual([
      ["Task moved from Review to In Progress: Mend the bench", null],
      ["Look at the legs.", third],
      ["Task moved from Backlog to Review: Mend the bench", second],
    ]);
    const reader = await keyWith(["mission_control:read"]);
    expect(await ask(two(), `${BASE}/kanban/${card.id}/runs`, "GET", reader)).toMatchObject({
      ...{ total: 3, cost_usd: null, runs: [{ task_id: third, status: null, cost_usd: null }, {}, {}] },
    });

    await api("/policies", { name: "Ask", effect: "require_approval", tools: ["move_task_card"] });
    const sessionId = (await api("/sessions", { client_id: "docs:bench", bot_id: "carpenter" })).session_id;
    const content = `CALL move_task_card {"card_id": "${card.id}", "to_column": "Done"}`;
    await api(`/sessions/${sessionId}/messages`, { content, run_agent: true });
    const waiting = await until(
      async () => (await ask(two(), `${BASE}/overview`)).needs_person[0],
      (found) => found?.kind === "call_to_approve",
    );
    expect(waiting.title).toBe("carpenter: move_task_card");
    expect((await api(`/approvals/${waiting.id}`)).status).toBe("pending");
    expect((await ask(two(), `${BASE}/overview`, "GET", reader)).needs_person[0]?.kind).not.toBe(
      "call_to_approve",
    );
    await api(`/approvals/${waiting.id}/decide`, { approved: false });
  });

  test("a plan runs step by step after one approval of exactly what was read, over kill -9", async () => {
    const drafted = (
      await send(one(), "/plans", { title: "Move", steps: ["do pack boxes", "do drive slowly"] })
    ).body.plan;
    const changed = await send(
      two(),
      `/plans/${drafted.id}`,
      { steps: ["do pack boxes", "do drive slowly", "do hang lamps"] },
      "PATCH",
    );
    const { id, hash } = changed.body.plan;
    expect((await send(one(), `/plans/${id}/approve`, { hash: drafted.hash })).status).toBe(409);
    const decisions = await Promise.all(
      [one(), two()].map((url) => send(url, `/plans/${id}/approve`, { hash })),
    );
    expect(decisions.map(({ status }) => status).sort()).toEqual([200, 409]);

    await until(() => asked.includes("do drive slowly"));
    for (const server of servers) server.kill("SIGKILL");
    await Promise.all(servers.map(({ ended }) => ended));
    if (databaseUrl !== undefined) await lapse(databaseUrl);
    gate.resolve();
    await startAll();
    const complete = await until(
      () => plan(id),
      ({ status }) => status === "complete",
    );
    expect(complete.steps.map(({ status, result }: Record<string, string>) => [status, result])).toEqual([
      ["done", "Did: do pack boxes"],
      ["done", "Did: do drive slowly"],
      ["done", "Did: do hang lamps"],
    ]);
    const { session_id } = await ask(one(), `/api/v1/tasks/${complete.steps[0].task_id}`);
    const { tasks } = await ask(one(), `/api/v1/tasks?session_id=${session_id}`);
    expect(tasks.map((task: { id: string }) => task.id).sort()).toEqual(
      complete.steps.map((step: { task_id: string }) => step.task_id).sort(),
    );
    expect(complete.approved_by).toBeString();
  });

  test("a step that fails stops the plan; what is changed then needs another approval", async () => {
    const { id, hash } = (
      await send(one(), "/plans", { title: "Roof", steps: ["do it badly", "do it well"] })
    ).body.plan;
    await send(one(), `/plans/${id}/approve`, { hash });
    const paused = await until(
      () => plan(id),
      ({ status }) => status === "paused",
    );
    expect(paused.steps).toMatchObject([{ status: "failed", result: "No ladder" }, { status: "pending" }]);
    const { needs_person } = await ask(two(), `${BASE}/overview`);
    expect(needs_person).toContainEqual(expect.objectContaining({ kind: "plan_stopped", id }));
    const changed = (await send(two(), `/plans/${id}`, { steps: ["do it properly"] }, "PATCH")).body.plan;
    expect([changed.status, changed.approved_by]).toEqual(["draft", null]);
    expect((await send(one(), `/plans/${id}/resume`, {})).status).toBe(409);
    await send(one(), `/plans/${id}/approve`, { hash: changed.hash });
    await until(
      () => plan(id),
      ({ status }) => status === "complete",
    );

    // A run that is cancelled delivers nothing; the plan stops all the same, and goes on when told to.
    gate = Promise.withResolvers();
    const slow = (await send(one(), "/plans", { title: "Nap", steps: ["do sleep slowly"] })).body.plan;
    await send(one(), `/plans/${slow.id}/approve`, { hash: slow.hash });
    const [running] = (
      await until(
        () => plan(slow.id),
        ({ steps }) => steps[0].task_id !== null,
      )
    ).steps;
    await fetch(`${one()}/api/v1/tasks/${running.task_id}/cancel`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const stopped = await until(
      () => plan(slow.id),
      ({ status }) => status === "paused",
    );
    expect(stopped.steps[0].result).toContain("cancelled");
    gate.resolve();
    expect((await send(two(), `/plans/${slow.id}/resume`, {})).status).toBe(200);
    await until(
      () => plan(slow.id),
      ({ status }) => status === "complete",
    );
    const rejected = (await send(one(), "/plans", { title: "No", steps: ["do it never"] })).body.plan;
    expect((await send(one(), `/channels/any/plans/${rejected.id}/reject`, {})).body.plan.status).toBe(
      "abandoned",
    );
    expect((await send(one(), `/plans/${rejected.id}/approve`, { hash: rejected.hash })).status).toBe(409);
    expect(asked).not.toContain("do it never");
  });
});
