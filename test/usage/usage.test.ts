import { beforeAll, expect, test } from "bun:test";
import { OPERATOR } from "../../src/access/caller.ts";
import { llmCalls, tasks } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { addBot, addSession, addTask } from "../agent/fixture.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";

eachDatabase("GET /usage", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;
  let task: string;
  let own: string;

  const called = (more: Partial<typeof llmCalls.$inferInsert> = {}): typeof llmCalls.$inferInsert => ({
    id: newId(),
    task_id: null,
    correlation_id: newId(),
    bot_id: "helper",
    integration_id: "github",
    provider: "openai",
    model: "gpt-4.1",
    iteration: 1,
    prompt_tokens: 1_000,
    cached_input_tokens: 600,
    cache_write_tokens: 100,
    completion_tokens: 50,
    cost_usd: "0.0000000123",
    duration_ms: 5,
    created_at: new Date("2026-11-02T23:30:00Z"),
    ...more,
  });

  const unpriced = { cost_usd: null, cached_input_tokens: null, cache_write_tokens: null };

  beforeAll(async () => {
    db = await open();
    http = await createHttpFixture(db);
    await db.query.delete(llmCalls);
    const { id, key } = await http.apiKeys.create(
      { name: "own", scopes: ["usage:read"], rows: "own" },
      OPERATOR,
    );
    own = key;
    const place = await addSession(db, await addBot(db, { id: "helper" }), { owner: `key:${id}` });
    const { id: task_id } = await addTask(db, place, "Go");
    task = task_id;
    await db.query.insert(llmCalls).values([
      called(),
      called({ created_at: new Date("2026-11-03T00:30:00Z"), cost_usd: "0.25" }),
      called({ provider: "ollama", model: "llama3.2", integration_id: null, ...unpriced }),
      called({
        provider: "ollama",
        model: "llama3.2",
        integration_id: null,
        cost_usd: "0",
        cached_input_tokens: 0,
      }),
      called({
        bot_id: "other",
        ...unpriced,
        prompt_tokens: null,
        completion_tokens: null,
        error: "refused",
      }),
      called({ bot_id: "own", task_id, cost_usd: "1.5" }),
    ]);
  });

  const ask = async (query: string, key?: string) =>
    (await http.send("GET", `/api/v1/usage?since=2026-11-01T00:00:00Z&${query}`, key ? { key } : {})).body;
  const nothing = {
    ...{ day: null, hour: null, bot_id: null, provider: null, model: null },
    ...{ integration_id: null, schedule_id: null, task_id: null },
  };

  test("everything in one row; what has no price is counted, and not as 0", async () => {
    expect(await ask("group_by=total")).toEqual({
      usage: [
        {
          ...nothing,
          ...{ calls: 6, failed_calls: 1, prompt_tokens: 5_000, completion_tokens: 250 },
          ...{ cached_input_tokens: 1_800, cache_write_tokens: 400, cache_hit_rate: 0.45 },
          ...{ cost_usd: 1.7500000123, unpriced_calls: 1, seconds: 0.03 },
        },
      ],
      next_cursor: null,
    });
  });

  test("by day, in UTC, the newest first; by provider and model; by integration", async () => {
    const rows = async (group_by: string, ...fields: string[]) =>
      (await ask(`group_by=${group_by}`)).usage.map((row: Record<string, unknown>) =>
        fields.map((name) => row[name]),
      );
    expect(await rows("day", "day", "calls", "cost_usd")).toEqual([
      ["2026-11-03", 1, 0.25],
      ["2026-11-02", 5, 1.5000000123],
    ]);
    expect(await rows("provider,model", "provider", "model", "calls", "cost_usd", "unpriced_calls")).toEqual([
      ["openai", "gpt-4.1", 4, 1.7500000123, 0],
      ["ollama", "llama3.2", 2, 0, 1],
    ]);
    expect((await rows("integration", "integration_id", "calls")).sort()).toEqual([
      [null, 2],
      ["github", 4],
    ]);
    expect(
      await rows("bot", "bot_id", "failed_calls", "cost_usd", "cache_hit_rate", "unpriced_calls"),
    ).toEqual([
      ["own", 0, 1.5, 0.6, 0],
      ["other", 1, null, null, 0],
      ["helper", 0, 0.2500000123, 0.4, 1],
    ]);
  });

  test("by run, of some runs", async () => {
    const { usage } = await ask(`group_by=task&task_id=${task}, ${crypto.randomUUID()}`);
    expect(usage).toMatchObject([{ task_id: task, calls: 1, cost_usd: 1.5 }]);
    expect((await ask("group_by=task&task_id=1")).error.field).toBe("task_id");
  });

  test("by all of these, in pages", async () => {
    const whole = await ask("limit=500");
    expect(whole.usage).toHaveLength(5);
    const seen = [];
    let cursor = "";
    do {
      const page = await ask(`limit=2${cursor}`);
      seen.push(...page.usage);
      cursor = page.next_cursor === null ? "" : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    } while (cursor !== "");
    expect(seen).toEqual(whole.usage);
  });

  test.each([
    ["bot_id=other", 1],
    ["provider=ollama", 2],
    ["model=gpt-4.1", 4],
    ["integration=github", 4],
    ["until=2026-11-03T00:00:00Z", 5],
    ["since=2026-11-03T00:00:00Z", undefined],
    ["bot_id=nobody", 0],
  ])("only %s", async (filter, calls) => {
    const body = await ask(`group_by=total&${filter}`);
    // A parameter that is given twice is refused.
    if (calls === undefined) expect(body.error.field).toBe("since");
    else expect(body.usage[0]?.calls ?? 0).toBe(calls);
  });

  test("a wrong dimension is refused by name", async () => {
    const { error } = await ask("group_by=day,colour");
    expect([error.field, error.message]).toEqual(["group_by", expect.stringContaining('got "colour"')]);
  });

  test("a key with rows of its own sees what its tasks used, and nothing of deleted ones", async () => {
    expect((await ask("group_by=bot", own)).usage).toMatchObject([
      { bot_id: "own", calls: 1, cost_usd: 1.5 },
    ]);
    await db.query.delete(tasks);
    expect((await ask("group_by=bot", own)).usage).toEqual([]);
    expect((await ask("group_by=total")).usage[0].calls).toBe(6);
  });
});
