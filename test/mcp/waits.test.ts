// When a suspended call is looked after.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { mcpWaits, tasks } from "../../src/db/schema.ts";
import { createWaits } from "../../src/mcp/waits/waits.ts";
import { embeddedDatabase } from "../database.ts";
import { createHttpFixture } from "../http/fixture.ts";
import { testVault } from "../secrets/test-vault.ts";

const open = embeddedDatabase();
const HOUR_MS = 3_600_000;
const CLAIM_MS = 60_000;

test("a clock that is set back stops no look at a server's task, and shortens no wait for people", async () => {
  const db = await open();
  const http = await createHttpFixture(db);
  let time = Date.now();
  const waits = createWaits({
    ...{ db, vault: testVault(), wake: async () => true, onWait: () => undefined },
    now: () => time,
  });
  const { session_id } = await http.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
  const begin = async () => {
    const { task_id } = await http.sessions.inject(
      { sessionId: session_id, content: "Weave.", source: "test", runAgent: true },
      "test",
      { fromPerson: true },
    );
    await db.query
      .update(tasks)
      .set({ status: "running" })
      .where(eq(tasks.id, String(task_id)));
    const call = { id: crypto.randomUUID(), task_id: String(task_id), server: "looms" };
    return { ...call, reference: "mcp:looms/weave" };
  };
  const weaving = await begin();
  const asking = await begin();
  expect(await waits.await(weaving, { id: "task 1", status: "working", pollMs: 5_000 })).toBe(true);
  const seats = { message: "How many?", schema: { type: "object" as const, properties: {} } };
  expect(
    await waits.ask(asking, { questions: [{ name: "seats", question: seats as never }], state: undefined }),
  ).toBe(true);
  const due = async () => (await waits.due(CLAIM_MS)).map(({ id }) => id);
  expect(await due()).toEqual([]);

  time -= HOUR_MS;
  expect(await due()).toEqual([weaving.id]);
  // It is claimed, on the clock as it is now.
  expect(await due()).toEqual([]);
  const [row] = await db.query.select().from(mcpWaits).where(eq(mcpWaits.id, weaving.id));
  expect(row?.due_at).toEqual(new Date(time + CLAIM_MS));
  time += CLAIM_MS;
  expect(await due()).toEqual([weaving.id]);
});
