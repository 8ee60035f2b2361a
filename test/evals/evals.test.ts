// Stored results of evals, over the API.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { events } from "../../src/db/schema.ts";
import { eachDatabase } from "../database.ts";
import { createHttpFixture } from "../http/fixture.ts";

const result = (name: string, more: object = {}) => ({
  name,
  bot_id: "default",
  problems: [],
  answer: "Fine.",
  tools: ["search_documents"],
  model_calls: 2,
  tokens: 100,
  cost_usd: 0.25,
  seconds: 1.5,
  ...more,
});

eachDatabase("results of evals", (open) => {
  test("are stored, summed up, and compared with the run of the same name before", async () => {
    const db = await open();
    const http = await createHttpFixture(db);
    const store = async (name: string, results: object[], more: object = {}) =>
      (await http.send("POST", "/api/v1/evals", { body: { name, results, ...more } })).body;
    const first = await store("evals", [result("a"), result("b", { problems: ["No."], answer: "Bad." })]);
    expect(first).toMatchObject({
      ...{ name: "evals", model: null, passed: 1, failed: 1, tokens: 200, cost_usd: 0.5, seconds: 3 },
    });
    await store("others", [result("a", { problems: ["No."] })]);
    // For pages that are open.
    const [told] = await db.query.select().from(events).where(eq(events.type, "eval.stored"));
    expect(told?.data).toEqual({ eval_id: first.id });
    const second = await store(
      "evals",
      [
        result("c", { cost_usd: null }),
        result("a", { problems: ["The text must contain x"], tokens: 90, answer: "Other." }),
        result("b", { answer: "Bad." }),
      ],
      { model: "big" },
    );
    expect(second).toMatchObject({ passed: 2, failed: 1, cost_usd: null, model: "big" });
    const { body } = await http.send("GET", `/api/v1/evals/${second.id}`);
    expect(body).toMatchObject({ ...second, previous_id: first.id });
    expect(body.results.map(({ name, before }: { name: string; before: unknown }) => [name, before])).toEqual(
      [
        ["a", { passed: true, tokens: 100, cost_usd: 0.25, same_answer: false, answer: "Fine." }],
        ["c", null],
        ["b", { passed: false, tokens: 100, cost_usd: 0.25, same_answer: true, answer: "Bad." }],
      ],
    );
    const list = async (query: string) =>
      (await http.send("GET", `/api/v1/evals${query}`)).body.evals.map(({ id }: { id: string }) => id);
    expect(await list("?name=evals")).toEqual([second.id, first.id]);
    expect(await list("?limit=1")).toEqual([second.id]);
  });

  test("are seen by whoever has stored them, and by those who see everything", async () => {
    const http = await createHttpFixture(await open());
    const keyOf = async (name: string) =>
      (
        await http.send("POST", "/api/v1/api-keys", {
          body: { name, scopes: ["evals:read", "evals:write"], rows: "own" },
        })
      ).body.key;
    const [ann, bob] = [await keyOf("ann"), await keyOf("bob")];
    const { body: stored } = await http.send("POST", "/api/v1/evals", {
      key: ann,
      body: { name: "evals", results: [result("a")] },
    });
    const seen = async (key?: string) => {
      const { body } = await http.send("GET", "/api/v1/evals", key === undefined ? {} : { key });
      const { status } = await http.send(
        "GET",
        `/api/v1/evals/${stored.id}`,
        key === undefined ? {} : { key },
      );
      return [body.evals.length, status];
    };
    expect([await seen(), await seen(ann), await seen(bob)]).toEqual([
      [1, 200],
      [1, 200],
      [0, 404],
    ]);
  });
});
