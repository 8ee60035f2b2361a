// Budgets over the API: what is answered, what is refused, and what they say about the current period.

import { beforeAll, expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { stateOf } from "../../../src/budgets/state.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

const open = embeddedDatabase();
let http: HttpFixture;
let reader: string;
beforeAll(async () => {
  http = await createHttpFixture(await open());
  reader = (await http.apiKeys.create({ name: "r", scopes: ["budgets:read"] }, OPERATOR)).key;
});

const PATH = "/api/v1/budgets";
const GIVEN = { scope: "bot", subject: "default", metric: "cost_usd", period: "day", amount: 5 };

test("a budget is created, shown, changed, extended once and deleted", async () => {
  const { status, body: made } = await http.send("POST", PATH, { body: GIVEN });
  expect([status, made]).toEqual([
    201,
    {
      ...GIVEN,
      ...{
        id: expect.any(String),
        enabled: true,
        created_at: expect.any(String),
        updated_at: expect.any(String),
      },
      current: {
        start: expect.stringMatching(/T00:00:00.000Z$/),
        end: expect.stringMatching(/T00:00:00.000Z$/),
        ...{ used: 0, extended: 0, cap: 5, share: 0, reaches_cap_at: null },
        forecast: made.current.forecast,
      },
    },
  ]);
  const path = `${PATH}/${made.id}`;
  expect((await http.send("GET", path, { key: reader })).body).toMatchObject({
    id: made.id,
    current: { cap: 5 },
  });
  expect((await http.send("GET", `${PATH}?metric=tokens`, { key: reader })).body.budgets).toEqual([]);
  expect((await http.send("GET", `${PATH}?scope=bot`, { key: reader })).body.budgets).toHaveLength(1);
  expect((await http.send("POST", PATH, { body: GIVEN })).status).toBe(409);
  const changed = await http.send("PATCH", path, { body: { amount: 8 } });
  expect(changed.body).toMatchObject({ amount: 8, enabled: true, current: { cap: 8 } });
  const extended = await http.send("POST", `${path}/extend`, { body: {} });
  expect([extended.status, extended.body.current]).toMatchObject([200, { cap: 12, extended: 4 }]);
  expect((await http.send("POST", `${path}/extend`, { body: { amount: 1 } })).status).toBe(409);
  for (const method of ["PATCH", "DELETE"]) {
    expect((await http.send(method, path, { key: reader, body: {} })).status).toBe(403);
  }
  expect((await http.send("DELETE", path)).status).toBe(204);
  expect((await http.send("GET", path)).status).toBe(404);
});

test("what makes no sense is refused, naming the field", async () => {
  const wrong: [object, number, string | undefined][] = [
    [{ ...GIVEN, subject: "nobody" }, 400, "subject"],
    [{ ...GIVEN, subject: null }, 422, "subject"],
    [{ ...GIVEN, scope: "server" }, 422, "subject"],
    [{ ...GIVEN, scope: "schedule" }, 404, "subject"],
    [{ ...GIVEN, scope: "integration", subject: "gihtub" }, 404, "subject"],
    [{ ...GIVEN, amount: 0 }, 422, "amount"],
    [{ ...GIVEN, amount: 1e-12 }, 422, "amount"],
    [{ ...GIVEN, metric: "tokens", amount: 1.5 }, 422, "amount"],
    [{ ...GIVEN, metric: "runs", period: "run" }, 422, "period"],
    [{ ...GIVEN, period: "week" }, 422, "period"],
  ];
  for (const [body, status, field] of wrong) {
    const answer = await http.send("POST", PATH, { body });
    expect([answer.status, answer.body.error?.field]).toEqual([status, field]);
  }
  const { body: single } = await http.send("POST", PATH, { body: { ...GIVEN, period: "run" } });
  expect(single.current).toBeNull();
  expect((await http.send("POST", `${PATH}/${single.id}/extend`, { body: {} })).status).toBe(409);
});

test("the forecast goes on at the pace so far, once a part of the period has passed", () => {
  const at = (time: string, used: number) =>
    stateOf(
      { metric: "cost_usd", period: "day", amount: 10 },
      { used, extended: 0 },
      new Date(`2026-11-28T${time}Z`),
    ).current;
  expect(at("00:30:00", 4)).toMatchObject({ forecast: null, reaches_cap_at: null });
  expect(at("06:00:00", 2)).toMatchObject({ forecast: 8, reaches_cap_at: null, share: 0.2 });
  expect(at("06:00:00", 5)).toMatchObject({
    forecast: 20,
    reaches_cap_at: new Date("2026-11-28T12:00:00Z"),
  });
  expect(at("06:00:00", 12)).toMatchObject({ forecast: 48, reaches_cap_at: null });
});
