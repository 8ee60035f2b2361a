// Runs over the real worker and database, with a model whose calls have a known price: what they may spend.

import { expect, spyOn, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { asc, eq, inArray, sql } from "drizzle-orm";
import { estimate } from "../../src/agent/context/budget.ts";
import { type GivenBudget, openBudgets } from "../../src/budgets/budgets.ts";
import { createLargest } from "../../src/budgets/largest.ts";
import { createOutsideRuns } from "../../src/budgets/outside-runs.ts";
import { createReserve } from "../../src/budgets/reserve.ts";
import { createSpending } from "../../src/budgets/spending.ts";
import type { Database } from "../../src/db/database.ts";
import { openDatabase } from "../../src/db/open.ts";
import {
  bots,
  budgetPeriods,
  budgetReservations,
  deliveries,
  events,
  llmCalls,
  tasks,
} from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { AttemptFailure } from "../../src/llm/attempt.ts";
import { createFallbackLlm } from "../../src/llm/fallback.ts";
import type { Llm } from "../../src/llm/llm.ts";
import { budgetRepairs } from "../../src/repairs/budget-repairs.ts";
import { createDelegation } from "../../src/sessions/delegation.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver, call, tool } from "../agent/fixture.ts";
import { eachDatabase, type OpenTestDatabase, onPostgres, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

const log = getLogger("heddle");
const TOKENS = 150;

/** Each call costs a dollar and 150 tokens. Every run calls the tool `rounds` times. */
function pricedLlm(rounds: number, during: () => Promise<unknown> = async () => undefined) {
  const asked = { inFlight: 0, most: 0, calls: 0 };
  const llm: Llm = {
    provider: "priced",
    async *stream({ model, messages }) {
      asked.calls += 1;
      asked.inFlight += 1;
      asked.most = Math.max(asked.most, asked.inFlight);
      try {
        await during();
      } finally {
        asked.inFlight -= 1;
      }
      const done = messages.filter(({ role }) => role === "tool").length;
      yield {
        type: "done",
        text: done >= rounds ? "Done." : "",
        toolCalls: done >= rounds ? [] : [call(`c${done}`, "step")],
        usage: { prompt_tokens: 100, completion_tokens: 50 },
        model,
        costUsd: 1,
        fallbackUsed: false,
        durationMs: 20,
      };
    },
  };
  return { llm, asked };
}

/** A server's agent and worker with its own memory of budgets. */
async function serverOver(db: Database, parts: Awaited<ReturnType<typeof createSessionsFixture>>, llm: Llm) {
  const now = () => new Date();
  const budgets = await openBudgets({ db, log, now });
  const shared = {
    applying: budgets.applying,
    reserve: createReserve({ db, log, now }),
    clock: () => performance.now(),
  };
  const spending = createSpending({
    ...shared,
    largest: createLargest(),
    estimate: ({ messages }) => estimate(messages),
  });
  const outside = createOutsideRuns({ ...shared, db, largest: createLargest(), log });
  const { agent } = agentOver(db, llm, {
    spending,
    tools: [tool("step", () => "stepped")],
    delegate: createDelegation({ db, inject: parts.sessions.inject }),
  });
  const worker = createWorker({
    ...parts,
    agent,
    redact: (text) => text,
    concurrency: 16,
    maxRunSeconds: 60,
    maxUnattendedRuns: 0,
  });
  return {
    ...{ budgets, outside },
    async close() {
      await worker.close();
      await outside.close();
      await budgets.close();
    },
  };
}

async function start(open: OpenTestDatabase, llm: Llm) {
  const db = await open();
  const parts = await createSessionsFixture(db, { chat: { deliver: () => ({ receipt: 1 }) } });
  await db.query.update(bots).set({ tools: ["*"] });
  const server = await serverOver(db, parts, llm);
  const send = async (
    number: number,
    more: { botId?: string; owner?: string | null; scheduleId?: string } = {},
  ) => {
    const { session_id } = await parts.sessions.getOrCreate({
      clientId: `test:room-${number}`,
      botId: more.botId ?? "default",
    });
    const { task_id } = await parts.sessions.inject(
      {
        sessionId: session_id,
        content: "Go",
        source: "test",
        runAgent: true,
        dispatchConfig: { type: "chat" },
      },
      "test",
      { fromPerson: true, owner: more.owner ?? null, scheduleId: more.scheduleId },
    );
    return task_id as string;
  };
  return { db, parts, server, send, ended: (ids: string[]) => ended(db, ids) };
}

async function ended(db: TestDatabase, ids: string[]) {
  const mine = () => db.query.select().from(tasks).where(inArray(tasks.id, ids)).orderBy(asc(tasks.id));
  await until(async () => (await mine()).every(({ completed_at }) => completed_at !== null));
  return mine();
}

const many = (count: number) => Array.from({ length: count }, (_, number) => number);

const DOLLARS_A_DAY = { scope: "server", metric: "cost_usd", period: "day" } as const;

const used = async (db: TestDatabase, id: string) => {
  const [row] = await db.query.select().from(budgetPeriods).where(eq(budgetPeriods.budget_id, id));
  return row?.used;
};

eachDatabase("budgets", (open) => {
  test("16 runs at once go beyond the cap by at most one call", async () => {
    // The first call is alone; the others last long enough to meet on a busy machine.
    const { llm, asked } = pricedLlm(3, () => Bun.sleep(asked.calls === 1 ? 5 : 30));
    const { db, server, send, ended } = await start(open, llm);
    const budget = await server.budgets.create({ ...DOLLARS_A_DAY, amount: 10.5 });
    const ids = await Promise.all(many(16).map((number) => send(number)));
    const rows = await ended(ids);
    await server.close();
    expect(asked.calls).toBe(11);
    expect(await used(db, budget.id)).toBe(11);
    expect(asked.most).toBeGreaterThan(1);
    const stopped = rows.filter(({ status }) => status === "failed");
    expect(stopped.length).toBeGreaterThan(12);
    for (const row of stopped) {
      expect(row.error_code).toBe("usage_limit_exceeded");
      expect(row.error).toContain("the budget of the server ($10.5 a day) is used up: $11 so far.");
      // Its reason is told once, and no call was made for it.
    }
    const calls = await db.query.select().from(llmCalls);
    expect(calls.length).toBe(11);
    expect(await db.query.select().from(budgetReservations)).toEqual([]);
  });

  test("each level is noticed once, and one call extends the period once", async () => {
    const { llm, asked } = pricedLlm(0);
    using warn = spyOn(log, "warn");
    const { db, server, send, ended } = await start(open, llm);
    const budget = await server.budgets.create({ ...DOLLARS_A_DAY, amount: 4 });
    for (const number of many(5)) await ended([await send(number)]);
    const notices = async () =>
      (await db.query.select().from(events).orderBy(asc(events.id)))
        .filter(({ type }) => type.startsWith("budget."))
        .map(({ type, data }) => [type, data.per_cent, data.budget_id]);
    expect(await notices()).toEqual([
      ["budget.notice", 50, budget.id],
      ["budget.used_up", 100, budget.id],
    ]);
    expect(asked.calls).toBe(4);
    const logged = (warn.mock.calls as unknown[][]).map(
      ([, values]) => values as { budget_id?: string; level?: number },
    );
    expect(logged.filter(({ budget_id }) => budget_id === budget.id).map(({ level }) => level)).toEqual([
      50, 100,
    ]);

    expect((await server.budgets.extend(budget.id)).current).toMatchObject({ used: 4, cap: 6, extended: 2 });
    await expect(server.budgets.extend(budget.id)).rejects.toMatchObject({ code: "conflict" });
    for (const number of many(4)) await ended([await send(10 + number)]);
    await server.close();
    expect(asked.calls).toBe(6);
    expect((await notices()).slice(2)).toEqual([
      ["budget.notice", 80, budget.id],
      ["budget.used_up", 100, budget.id],
    ]);
  });

  test("a crash between reserving and settling frees what was reserved", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { llm, asked } = pricedLlm(0, async () => (asked.calls === 1 ? held : undefined));
    const { db, server, send, ended } = await start(open, llm);
    await server.budgets.create({ ...DOLLARS_A_DAY, amount: 2 });
    const first = await send(1);
    await until(async () => (await db.query.select().from(budgetReservations)).length === 1);
    const second = await send(2);
    // The first call of a model is alone, because nobody knows what it uses.
    await until(async () =>
      (await db.query.select().from(tasks)).some(({ id, status }) => id === second && status === "running"),
    );
    expect(asked.calls).toBe(1);
    // Its server has died: another one claims its task.
    await db.query.update(tasks).set({ attempt: 2 }).where(eq(tasks.id, first));
    const [row] = await ended([second]);
    expect(row?.status).toBe("complete");
    await server.budgets.purge();
    expect(await db.query.select().from(budgetReservations)).toEqual([]);
    release();
    await server.close();
  });

  test("calls outside of runs keep to it together, and what ends with its server is free after a while", async () => {
    const { llm } = pricedLlm(1);
    const { db, server, send, ended } = await start(open, llm);
    const budget = await server.budgets.create({ ...DOLLARS_A_DAY, amount: 5.5 });
    const bots = await server.budgets.create({
      ...DOLLARS_A_DAY,
      scope: "bot",
      subject: "default",
      amount: 100,
    });
    const call = { provider: null, model: "vectors", tokens: 10 };
    const make = async () => ({
      value: "made",
      used: { prompt_tokens: 10, completion_tokens: 0, cost_usd: 1 },
    });
    const failing = server.outside.spend(call, async () => Promise.reject(new Error("down")));
    expect(await failing.catch(String)).toBe("Error: down");
    expect(await used(db, budget.id)).toBe(0);
    const made = await Promise.allSettled(many(16).map(() => server.outside.spend(call, make)));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(6);
    expect([await used(db, budget.id), await used(db, bots.id)]).toEqual([6, 0]);
    const [late] = await ended([await send(1)]);
    expect(late?.error_code).toBe("usage_limit_exceeded");
    // A budget that comes later counts them too.
    const calls = await server.budgets.create({ ...DOLLARS_A_DAY, metric: "model_calls", amount: 100 });
    expect(calls.current?.used).toBe(6);

    // Of a call that has ended with its server nobody knows what it uses, so that others wait for it, but not for ever.
    await server.budgets.change(budget.id, { amount: 7.5 });
    const elapse = (seconds: number) =>
      db.query
        .update(budgetReservations)
        .set({ created_at: sql`${budgetReservations.created_at} - ${seconds} * interval '1 second'` });
    const lost = await server.outside.begin({ ...call, model: "unknown" });
    let isMade = false;
    const waiting = server.outside.spend(call, make).then((value) => {
      isMade = true;
      return value;
    });
    // As long as it is renewed, it counts.
    for (let minute = 0; minute < 15; minute++) {
      await elapse(50);
      await server.outside.renew(lost);
    }
    await elapse(50);
    expect(isMade).toBe(false);
    await elapse(11);
    expect(await waiting).toBe("made");
    await server.budgets.purge();
    expect(await db.query.select().from(budgetReservations)).toEqual([]);
    // A bot's call counts for the bot.
    await server.outside.spend({ ...call, bot_id: "default" }, make);
    expect(await used(db, bots.id)).toBe(1);
    await server.close();
  });

  test("what a call elsewhere has used is known of its model, whatever its endpoint calls that", async () => {
    const { llm } = pricedLlm(1);
    const { db, server } = await start(open, llm);
    await server.budgets.create({ ...DOLLARS_A_DAY, amount: 100 });
    const call = { provider: null, model: "m", tokens: 10 };
    const used = { prompt_tokens: 10, completion_tokens: 5, cost_usd: 1, duration_ms: 5 };
    await server.outside.end(await server.outside.begin(call), { ...call, model: "m-2026-11-30" }, used);
    // Of an unknown model nobody knows what it may use, so that each of its calls is made alone.
    await Promise.all(many(2).map(() => server.outside.begin(call)));
    const reserved = await db.query.select().from(budgetReservations);
    expect(reserved.map(({ amount }) => Number(amount))).toEqual([2, 2]);
    await server.close();
  });

  test("a call counts where it began, over the end of a month and a night in which clocks change", async () => {
    const db = await open();
    let at = new Date("2026-10-31T23:59:59Z");
    const clock = { now: () => at };
    const budgets = await openBudgets({ db, log, ...clock });
    const outside = createOutsideRuns({
      ...{ db, log, applying: budgets.applying, largest: createLargest(), clock: () => performance.now() },
      reserve: createReserve({ db, log, ...clock }),
    });
    const spend = (until = at) =>
      outside.spend({ provider: null, model: "vectors", tokens: 10 }, async () => {
        at = until;
        return { value: "made", used: { prompt_tokens: 10, completion_tokens: 0, cost_usd: 1 } };
      });
    const { id } = await budgets.create({ ...DOLLARS_A_DAY, period: "month", amount: 1 });
    const current = async () => (await budgets.get(id)).current;
    await spend(new Date("2026-11-01T00:00:01Z"));
    expect(await current()).toMatchObject({ used: 0, start: new Date("2026-11-01T00:00:00Z") });
    await spend();
    await expect(spend()).rejects.toThrow("A new period begins at 2026-12-01 00:00 UTC.");
    const extended = await Promise.allSettled([budgets.extend(id), budgets.extend(id)]);
    expect(extended.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await spend()).toBe("made");
    await expect(spend()).rejects.toThrow("is used up");
    // October's stays what it was, and what was added to November is not December's.
    at = new Date("2026-12-01T00:00:00Z");
    expect(await current()).toMatchObject({ used: 0, extended: 0, cap: 1 });
    await budgets.remove(id);

    // Rows have the time of the database, which has not been moved.
    await db.query.delete(llmCalls);
    // Days are those of UTC, of which each has 24 hours.
    at = new Date("2026-10-25T00:30:00Z");
    const day = await budgets.create({ ...DOLLARS_A_DAY, amount: 2 });
    for (const time of ["00:30", "01:30"]) {
      at = new Date(`2026-10-25T${time}:00Z`);
      await spend();
    }
    at = new Date("2026-10-25T23:59:59Z");
    await expect(spend()).rejects.toThrow("begins at 2026-10-26 00:00 UTC");
    at = new Date("2026-10-26T00:00:00Z");
    await spend();
    expect((await budgets.get(day.id)).current?.used).toBe(1);
    await outside.close();
    await budgets.close();
  });

  test("what was counted in periods that are over is deleted, however much it is", async () => {
    const { llm } = pricedLlm(0);
    const { db, server, send, ended } = await start(open, llm);
    const budget = await server.budgets.create({ ...DOLLARS_A_DAY, amount: 4 });
    const runs = await server.budgets.create({ ...DOLLARS_A_DAY, metric: "runs", amount: 4 });
    await ended([await send(1)]);
    await db.execute(
      `insert into budget_periods (budget_id, period, updated_at)
      select $1::uuid, 'counted ' || n, now() - interval '8 days' from generate_series(1, 2500) n
      union all select $1::uuid, '2026-01-' || n, now() - interval '33 days' from generate_series(10, 31) n
      union all select $1::uuid, '2026-12', now() - interval '31 days'`,
      [budget.id],
    );
    await server.budgets.purge();
    const left = await db.query.select().from(budgetPeriods).orderBy(asc(budgetPeriods.period));
    const mine = left.filter(({ budget_id }) => budget_id === budget.id);
    expect(mine.map(({ period }) => period.length).toSorted()).toEqual([
      "2026-12-31".length,
      "2026-12".length,
    ]);
    // That the run was counted today is still known.
    expect(left.filter(({ budget_id }) => budget_id === runs.id)).toHaveLength(2);
    await server.close();
  });

  test("only what applies to a run counts, by run, integration and number of runs", async () => {
    const { llm, asked } = pricedLlm(2);
    const { db, server, send, ended } = await start(open, llm);
    const make = (given: Omit<GivenBudget, "amount">, amount: number) =>
      server.budgets.create({ ...given, amount });
    await make({ scope: "bot", subject: "other", metric: "tokens", period: "run" }, 2 * TOKENS);
    await make({ scope: "integration", subject: "github", metric: "runs", period: "hour" }, 1);
    const free = await send(1);
    const bounded = await send(2, { botId: "other" });
    const again = await send(3, { botId: "other" });
    const rows = await ended([free, bounded, again]);
    expect(rows.map(({ status, error_code }) => [status, error_code])).toEqual([
      ["complete", null],
      ["failed", "usage_limit_exceeded"],
      ["failed", "usage_limit_exceeded"],
    ]);
    expect(asked.calls).toBe(3 + 2 + 2);
    const [one] = await ended([await send(4, { owner: "integration:github" })]);
    const [two] = await ended([await send(5, { owner: "integration:github" })]);
    await server.close();
    expect([one?.status, two?.status]).toEqual(["complete", "failed"]);
    expect(two?.error).toContain(
      'the budget of the integration "github" (1 run an hour) is used up: 1 run so far.',
    );
    // Calls of runs without a budget reserve nothing.
    const [unbounded] = await db.query.select().from(llmCalls).where(eq(llmCalls.task_id, free));
    expect(unbounded?.reservation_id).toBeNull();
  });

  test("its reason is delivered to who waits for it, and not at each time of a schedule", async () => {
    const { llm } = pricedLlm(0);
    const { db, server, send, ended } = await start(open, llm);
    await server.budgets.create({ scope: "server", metric: "model_calls", period: "hour", amount: 1 });
    await ended([await send(1)]);
    const [asked, scheduled] = [await send(2), await send(3, { scheduleId: newId() })];
    await ended([asked, scheduled]);
    await server.close();
    const told = await db.query.select().from(deliveries);
    const toldOf = (id: string) => told.filter(({ task_id }) => task_id === id).map(({ payload }) => payload);
    expect(toldOf(asked)).toMatchObject([{ kind: "error", text: expect.stringContaining("is used up") }]);
    expect(toldOf(scheduled)).toEqual([]);
  });

  test("what a schedule's run delegates is paid from the schedule's budget", async () => {
    const work = JSON.stringify({ bot_id: "other", prompt: "Do it." });
    const llm: Llm = {
      provider: "delegating",
      async *stream({ model, tools, messages }) {
        const mayDelegate = tools.some(({ name }) => name === "delegate_to_agent");
        const isNew = messages.every(({ role }) => role !== "tool");
        yield {
          ...{ type: "done" as const, text: mayDelegate && isNew ? "" : "Done.", model },
          toolCalls: mayDelegate && isNew ? [{ id: "c", name: "delegate_to_agent", arguments: work }] : [],
          ...{ usage: null, costUsd: 1, fallbackUsed: false, durationMs: 1 },
        };
      },
    };
    const { db, parts, server, send, ended } = await start(open, llm);
    await db.query
      .update(bots)
      .set({ delegate_bots: ["other"] })
      .where(eq(bots.id, "default"));
    const { channel_id } = await parts.sessions.getOrCreate({ clientId: "test:s", botId: "default" });
    const { id: scheduleId } = await parts.schedules.create(
      channel_id,
      { name: "Daily", content: "Go", timing: { kind: "cron", cron: "0 8 * * *" } },
      { origin: "person", owner: null, hops: 0 },
    );
    const budget = await server.budgets.create({
      ...{ scope: "schedule", subject: scheduleId, metric: "cost_usd", period: "day", amount: 1 },
    });
    const asking = await send(1, { scheduleId });
    const [child] = await until(
      () => db.query.select().from(tasks).where(eq(tasks.bot_id, "other")),
      ([one]) => one?.completed_at != null,
    );
    expect(child).toMatchObject({ schedule_id: scheduleId, error_code: "usage_limit_exceeded" });
    // Who asked for the work is told nevertheless, and is stopped as well.
    const [row] = await ended([asking]);
    expect(row).toMatchObject({ status: "failed", error_code: "usage_limit_exceeded" });
    // Its id says nothing to people.
    expect(row?.error).toContain('because the budget of the schedule "Daily" ($1 a day) is used up');
    const [repair] = await budgetRepairs(db.query, new Date());
    expect(repair).toMatchObject({
      ...{ kind: "budget_used_up", blocks: 'Runs of the schedule "Daily" fail.' },
    });
    await server.close();
    expect(await used(db, budget.id)).toBe(1);
  });

  test("attempts that gave no answer are paid if their endpoint says what they used", async () => {
    const wanted: string[] = [];
    const endpoint = {
      provider: "filters",
      coolUntil: new Map<string, number>(),
      costOf: () => 1,
      async *attempt(_request: unknown, model: string) {
        wanted.push(model);
        const usage = { prompt_tokens: 100, completion_tokens: 50 };
        if (wanted.length !== 4) {
          throw Object.assign(new AttemptFailure("filtered", "the content filter"), { usage });
        }
        yield { type: "done" as const, text: "Done.", toolCalls: [], usage, isCut: false };
      },
    };
    const llm: Llm = {
      provider: "filters",
      ...createFallbackLlm({ find: (model) => ({ endpoint, model }), log }),
    };
    const { db, server, send, ended } = await start(open, llm);
    const [cost, tokens, calls, seconds] = await Promise.all(
      (["cost_usd", "tokens", "model_calls", "seconds"] as const).map((metric) =>
        server.budgets.create({ scope: "server", metric, period: "day", amount: 1_000 }),
      ),
    );
    const of = async (budget: { id: string } | undefined) => used(db, budget?.id ?? "");
    // Both of its models are asked in vain.
    const [failed] = await ended([await send(1)]);
    expect(failed).toMatchObject({ status: "failed", error_code: "model_failed" });
    expect([await of(cost), await of(tokens), await of(calls)]).toEqual([2, 2 * TOKENS, 1]);
    expect(await of(seconds)).toBeGreaterThanOrEqual(0);
    const [answered] = await ended([await send(2)]);
    expect(answered?.status).toBe("complete");
    expect([await of(cost), await of(tokens), await of(calls)]).toEqual([4, 4 * TOKENS, 2]);
    const rows = await db.query.select().from(llmCalls).orderBy(asc(llmCalls.id));
    expect(
      rows.map(({ cost_usd, prompt_tokens, error }) => [Number(cost_usd), prompt_tokens, error !== null]),
    ).toEqual([
      [2, 200, true],
      [2, 200, false],
    ]);
    // A budget that is made now counts the same.
    const late = await server.budgets.create({
      scope: "bot",
      subject: "default",
      metric: "model_calls",
      period: "day",
      amount: 9,
    });
    await server.close();
    expect(late.current?.used).toBe(2);
    expect(await db.query.select().from(budgetReservations)).toEqual([]);
  });

  test("what was used earlier in the period counts for a new budget", async () => {
    const { llm } = pricedLlm(1);
    const { server, send, ended } = await start(open, llm);
    await ended([await send(1)]);
    const made = await Promise.all(
      (["cost_usd", "tokens", "model_calls", "runs"] as const).map((metric) =>
        server.budgets.create({ scope: "bot", subject: "default", metric, period: "month", amount: 1_000 }),
      ),
    );
    await server.close();
    expect(made.map(({ current }) => current?.used)).toEqual([2, 2 * TOKENS, 2, 1]);
  });

  test("a call that is in progress when a budget is made counts for it", async () => {
    const budgets: GivenBudget[] = [
      { ...DOLLARS_A_DAY, amount: 1 },
      { scope: "bot", subject: "default", metric: "tokens", period: "run", amount: 1_000 },
      { scope: "integration", subject: "another", metric: "tokens", period: "month", amount: 1_000 },
      { scope: "server", metric: "seconds", period: "day", amount: 1_000 },
    ];
    let making: Promise<string[]> | undefined;
    const { llm, asked } = pricedLlm(1, () => {
      making ??= Promise.all(budgets.map(async (one) => (await server.budgets.create(one)).id));
      return making;
    });
    const { db, server, send, ended } = await start(open, llm);
    const [run] = await ended([await send(1)]);
    expect([run?.error_code, asked.calls]).toEqual(["usage_limit_exceeded", 1]);
    const [dollars = "", tokens = "", others = "", seconds = ""] = (await making) ?? [];
    expect([await used(db, dollars), await used(db, tokens), await used(db, others)]).toEqual([1, TOKENS, 0]);
    // Its time is counted once, with the run's.
    expect(await used(db, seconds)).toBeLessThan(20);
    await server.close();
  });
});

onPostgres("budgets over two servers", (open) => {
  test("16 runs at once go beyond the cap by at most one call", async () => {
    const { llm, asked } = pricedLlm(3, () => Bun.sleep(5));
    const db = await open();
    const parts = await createSessionsFixture(db);
    await db.query.update(bots).set({ tools: ["*"] });
    const other = await openDatabase({ databaseUrl: db.databaseUrl, home: db.home, log });
    const servers = [
      await serverOver(db, parts, llm),
      await serverOver(other, { ...parts, db: other as TestDatabase }, llm),
    ];
    const budget = await servers[0]?.budgets.create({ ...DOLLARS_A_DAY, amount: 10.5 });
    // The second server hears of it.
    const run = { id: "", attempt: 1, bot_id: "default", schedule_id: null, integration_id: null };
    await until(() => servers[1]?.budgets.applying(run).length === 1);
    const ids = await Promise.all(
      many(16).map(async (number) => {
        const { session_id } = await parts.sessions.getOrCreate({
          clientId: `test:two-${number}`,
          botId: "default",
        });
        const sent = { sessionId: session_id, content: "Go", source: "test", runAgent: true };
        return (await parts.sessions.inject(sent, "test", { fromPerson: true })).task_id as string;
      }),
    );
    await ended(db, ids);
    for (const server of servers) await server.close();
    await other.close();
    expect(asked.calls).toBe(11);
    expect(await used(db, budget?.id ?? "")).toBe(11);
  });
});
