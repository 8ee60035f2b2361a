// What was delivered is corrected and withdrawn, in the order in which that was wanted, each with the receipt of the one before.

import { expect, test } from "bun:test";
import { desc } from "drizzle-orm";
import { deliveries } from "../../src/db/schema.ts";
import { createOutbox } from "../../src/dispatch/outbox.ts";
import { newId } from "../../src/ids.ts";
import { Permanent } from "../../src/sdk/errors.ts";
import type { EditInput, RemoveInput } from "../../src/sdk/types.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

eachDatabase("changes of deliveries", (open) => {
  test("a correction gets the last receipt, a dead one counts as none, and what was withdrawn stays so", async () => {
    const waiting = Promise.withResolvers<undefined>();
    const edits: EditInput[] = [];
    const removals: RemoveInput[] = [];
    const chat = {
      deliver: () => ({ receipt: { id: 1 } }),
      edit: (input: EditInput) => {
        edits.push(input);
        if (input.text === "never") throw new Permanent("It is too old.");
        return { receipt: { id: edits.length + 1 } };
      },
      remove: (input: RemoveInput) => void removals.push(input),
    };
    const parts = await createSessionsFixture(await open(), {
      chat,
      mute: { deliver: () => waiting.promise },
    });
    const { sessions, queue, db } = parts;
    const said = new Set<unknown>();
    const log = Object.assign(Object.create(parts.log) as typeof parts.log, {
      info: (_: string, { done }: Record<string, unknown>) => void said.add(done),
    });
    const outbox = createOutbox({ ...parts, log, random: () => 0.5 });
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const write = async (dispatch_type: string): Promise<string> => {
      const [id = ""] = await db.query.transaction((tx) =>
        outbox.write(tx, {
          ...{ task_id: null, session_id, bot_id: "default", correlation_id: newId(), dispatch_type },
          dispatch_config: { room: "r", token: "xoxb-canary-secret" },
          payload: { kind: "result", text: "One", client_actions: [], extra_metadata: { bot_id: "b" } },
        }),
      );
      return id;
    };
    const stop = new AbortController();
    const pump = queue.work("deliveries", {
      concurrency: 4,
      run: (job, setFollowed) => outbox.attempt(job, stop.signal, setFollowed),
    });
    const ended = async (id: string, status = "delivered") => {
      pump.wake();
      await until(
        async () => (await outbox.get(id)).status,
        (now) => now === status,
      );
    };
    const edit = (id: string, text: string) => outbox.change(id, { kind: "edit", text });
    const refused = (work: Promise<unknown>) =>
      work.then(
        () => "it was done",
        (error: { code?: string; message?: string }) => `${error.code}: ${error.message}`,
      );

    const id = await write("chat");
    await ended(id);
    const first = await edit(id, "Two");
    expect(first).toMatchObject({ payload: { kind: "edit", text: "Two", changes: { delivery_id: id } } });
    const second = await edit(id, "Three");
    await ended(second.id);
    expect(edits).toMatchObject([
      { text: "Two", receipt: { id: 1 }, config: { room: "r" }, extraMetadata: { bot_id: "b" } },
      { text: "Three", receipt: { id: 2 }, botId: "default", sessionId: session_id },
    ]);
    const dead = await edit(id, "never");
    await ended(dead.id, "dead");
    const removal = await outbox.change(id, { kind: "remove" });
    await ended(removal.id);
    expect(removals).toMatchObject([{ receipt: { id: 3 }, dispatchConfig: { type: "chat" } }]);
    expect((await outbox.get(id)).payload).toMatchObject({
      ...{ kind: "result", text: "One" },
      changed_by: { delivery_id: removal.id, kind: "remove" },
    });
    expect(await refused(edit(id, "Four"))).toContain("conflict: ");
    expect(await refused(edit(first.id, "Four"))).toContain(`it changes delivery ${id}; change that one`);
    expect(await refused(edit(newId(), "Four"))).toContain("not_found: ");
    const other = await write("mute");
    expect(await refused(edit(other, "Four"))).toContain("only what was delivered can be changed");
    waiting.resolve(undefined);
    await ended(other);
    expect(await refused(edit(other, "Four"))).toContain('the dispatcher "mute" has no edit()');
    const can = async (which: string) => outbox.canChange(await outbox.get(which), "edit");
    expect([await can(id), await can(first.id), await can(other)]).toEqual([true, false, false]);
    const [newest] = await db.query.select().from(deliveries).orderBy(desc(deliveries.id)).limit(1);
    expect(newest?.id).toBe(other);
    await queue.close();
    expect([...said]).toEqual(["Delivered to", "Corrected at", "Withdrawn from"]);
  });
});
