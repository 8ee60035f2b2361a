import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createPurge } from "../../src/sessions/purge.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

const log = getLogger("heddle");
const DAY_MS = 24 * 3_600_000;

const count = async (db: TestDatabase, table: string): Promise<number> =>
  Number((await db.execute(`select count(*) as count from ${table}`)).rows[0]?.count);

eachDatabase("the deletion of old conversations", (open) => {
  test("takes whole ones that are over, and none that something rests on", async () => {
    const db = await open();
    const { sessions } = await createSessionsFixture(db);
    /** A conversation whose only run has ended. */
    const talk = async (name: string) => {
      const { session_id } = await sessions.getOrCreate({ clientId: `talk:${name}`, botId: "default" });
      const sent = await sessions.inject({
        sessionId: session_id,
        content: name,
        source: "test",
        runAgent: true,
      });
      const task = String(sent.task_id);
      await db.execute("update tasks set status = 'complete', completed_at = now() where id = $1::uuid", [
        task,
      ]);
      await db.execute(
        `insert into llm_calls (id, task_id, correlation_id, model, iteration, duration_ms)
         select gen_random_uuid(), id, correlation_id, 'm', 1, 1 from tasks where id = $1::uuid`,
        [task],
      );
      return { session_id, task, message: sent.message_id };
    };
    const over = await talk("over");
    const running = await talk("running");
    await db.execute("update tasks set status = 'waiting' where id = $1::uuid", [running.task]);
    const dead = await talk("dead");
    await db.execute(
      `insert into deliveries (id, task_id, session_id, bot_id, correlation_id, dispatch_type, dispatch_config, payload, status)
       select gen_random_uuid(), id, session_id, bot_id, correlation_id, 'none', '{}', '{}', 'dead' from tasks where id = $1::uuid`,
      [dead.task],
    );
    const remembered = await talk("remembered");
    await db.execute(
      `insert into memories (id, memory_id, version, bot_id, text, status, session_id, message_id, task_id)
       values (gen_random_uuid(), gen_random_uuid(), 1, 'default', 'A fact', 'accepted', $1::uuid, $2::uuid, $3::uuid)`,
      [remembered.session_id, remembered.message, remembered.task],
    );
    const read = await talk("read");
    await db.execute(
      "insert into documents (id, session_id, content) values (gen_random_uuid(), $1::uuid, 'Notes')",
      [read.session_id],
    );
    const left = async () =>
      (await db.execute("select id from sessions order by id")).rows.map(({ id }) => id);
    const kept = [running, dead, remembered, read].map(({ session_id }) => session_id);

    const early = createPurge({ db, log, retentionDays: 31, now: () => Date.now() + 30 * DAY_MS });
    expect(await early.run()).toBe(0);
    const purge = createPurge({ db, log, retentionDays: 31, now: () => Date.now() + 32 * DAY_MS });
    expect(await purge.run()).toBe(1);
    expect(await left()).toEqual(kept);
    // What it cost is not forgotten.
    expect([await count(db, "messages"), await count(db, "tasks"), await count(db, "llm_calls")]).toEqual([
      4, 4, 5,
    ]);

    // Somebody writes again: the place is the same, the conversation is a new one.
    const again = await sessions.getOrCreate({ clientId: "talk:over", botId: "default" });
    expect(again).toMatchObject({ created: true });
    expect(again.session_id).not.toBe(over.session_id);
    await Promise.all([early.close(), purge.close()]);
  });
});
