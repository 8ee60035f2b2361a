import { expect, test } from "bun:test";
import { messages } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

eachDatabase("what nobody has read", (open) => {
  test("is counted by answers, up to the last one that was read", async () => {
    const db = await open();
    const { sessions } = await createSessionsFixture(db);
    const { session_id } = await sessions.getOrCreate({ clientId: "read:1", botId: "default" });
    const unread = async () => (await sessions.get(session_id)).unread;
    expect(await sessions.get(session_id)).toMatchObject({ unread: 0, last_message_at: null });
    const answer = async (more: object = {}) => {
      const id = newId();
      await db.query.insert(messages).values({ id, session_id, role: "assistant", content: "hi", ...more });
      return id;
    };
    await sessions.inject({ sessionId: session_id, content: "hello", source: "test" });
    expect(await unread()).toBe(0);
    const first = await answer();
    await answer({ tool_calls: [{ id: "1", name: "look", arguments: "{}" }] });
    await answer();
    expect(await unread()).toBe(2);
    await sessions.markRead(session_id, first);
    expect(await unread()).toBe(1);
    await sessions.markRead(session_id);
    await sessions.markRead(session_id, first);
    expect(await unread()).toBe(0);
    const [listed] = await sessions.list({ limit: 10, client_id: "read:1" });
    expect(listed).toMatchObject({ unread: 0, last_message_at: expect.any(Date) });
    const copies = Array.from({ length: 120 }, () => ({ id: newId(), session_id, content: "more" }));
    await db.query.insert(messages).values(copies.map((copy) => ({ ...copy, role: "assistant" as const })));
    expect(await unread()).toBe(100);
    const other = await sessions.getOrCreate({ clientId: "read:2", botId: "default" });
    // A message of another session marks nothing.
    await expect(sessions.markRead(other.session_id, first)).rejects.toMatchObject({
      code: "not_found",
      field: "message_id",
    });
    await expect(sessions.markRead(newId())).rejects.toMatchObject({ code: "not_found" });
  });
});
