// Whose messages count as a person's: those of people whom the operator has allowed, and of nobody else.

import { beforeAll, expect, test } from "bun:test";
import { desc, eq } from "drizzle-orm";
import { messages, tasks } from "../../src/db/schema.ts";
import type { InjectEvent, InjectMessage } from "../../src/sdk/types.ts";
import type { Sender } from "../../src/sessions/inject.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

eachDatabase("the author of a message", (open) => {
  let db: TestDatabase;
  let parts: Awaited<ReturnType<typeof createSessionsFixture>>;
  let session: string;

  beforeAll(async () => {
    db = await open();
    parts = await createSessionsFixture(db, {}, [{ integrationType: "chat", clientIdPrefix: "chat:" }], {
      chat: { binding: {} },
    });
    session = (await parts.sessions.getOrCreate({ clientId: "chat:1", botId: "default" })).session_id;
    for (const [id, status] of [
      ["ada", "allowed"],
      ["eve", "blocked"],
    ] as const) {
      await parts.people.add({ integrationId: "chat", id, name: id, status }, "key:operator");
    }
    await parts.people.check("chat", { id: "bob", name: "Bob" });
  });

  const chat: Partial<Sender> = { owner: "integration:chat" };
  const stored = async (id: string) => {
    const [row] = await db.query
      .select({ message: messages, task: tasks })
      .from(messages)
      .leftJoin(tasks, eq(tasks.message_id, messages.id))
      .where(eq(messages.id, id))
      .orderBy(desc(messages.position));
    return row;
  };
  const send = async (message: Partial<InjectMessage>, sender = chat) => {
    const { message_id } = await parts.sessions.inject(
      { sessionId: session, content: "x", source: "chat", runAgent: true, ...message },
      "chat",
      sender,
    );
    return stored(message_id);
  };
  const by = (id: string) => ({ author: { id, display_name: id } });

  test("decides whether it is a stranger's", async () => {
    const trusted = await send(by("ada"));
    expect(trusted?.message.from_person).toBe(true);
    // What a person asks for is no run that nobody has asked for.
    expect(trusted?.task?.loop_key).toBeNull();
    for (const id of ["bob", "eve", "nobody", "ADA", "ada "]) {
      const one = await send(by(id));
      expect([id, one?.message.from_person]).toEqual([id, false]);
    }
    expect((await send({}))?.message.from_person).toBe(false);
  });

  test("is taken from the integration alone, and never from a bot or another run", async () => {
    const elsewhere = await send(by("ada"), { owner: "integration:mail" });
    expect(elsewhere?.message.from_person).toBe(false);
    expect((await send(by("ada"), { owner: null }))?.message.from_person).toBe(false);
    expect((await send(by("ada"), { owner: "key:1" }))?.message.from_person).toBe(false);
    expect((await send({ ...by("ada"), fromBot: true }))?.message.from_person).toBe(false);
    expect((await send(by("ada"), { ...chat, hops: 1 }))?.message.from_person).toBe(false);
    // The message itself cannot say it.
    const claimed = await send({ ...by("eve"), metadata: { from_person: true, status: "allowed" } });
    expect(claimed?.message.from_person).toBe(false);
  });

  test("keeps messages of strangers out of runs that answer a trusted person", async () => {
    const [ada, bob] = [await send(by("ada")), await send(by("bob"))];
    expect(ada?.task?.merge_key).not.toBe(bob?.task?.merge_key);
    const again = await send(by("ada"));
    expect(again?.task?.merge_key).toBe(ada?.task?.merge_key);
  });

  test("counts for events as well, in bound channels, in new ones, and until it is taken back", async () => {
    const event = async (clientId: string, author: InjectEvent["author"]) => {
      const { results } = await parts.sessions.injectEvent(
        {
          ...{ clientId, event: "message", botId: "default", content: "x", source: "chat", runAgent: true },
          ...(author && { author }),
        },
        "chat",
        chat,
      );
      const rows = await Promise.all(results.map(({ message_id }) => stored(message_id)));
      return rows.map((row) => row?.message.from_person);
    };
    const ada = by("ada").author;
    // Without a session, with one, and through a binding to a channel that has none.
    expect(await event("chat:new", ada)).toEqual([true]);
    expect(await event("chat:new", ada)).toEqual([true]);
    expect(await event("chat:new", by("bob").author)).toEqual([false]);
    const { channel } = await parts.channels.getOrCreate("chat:bound", { bot_id: "other" });
    await parts.bindings.add(channel.id, { integration_type: "chat", client_id: "chat:source" });
    expect(await event("chat:source", ada)).toEqual([true]);
    expect(await event("chat:source", by("eve").author)).toEqual([false]);
    // Many at once share a look-up.
    const many = await Promise.all(["ada", "bob", "ada", "eve"].map((id) => send(by(id))));
    expect(many.map((row) => row?.message.from_person)).toEqual([true, false, true, false]);
    const [row] = await parts.people.list({ status: "allowed" });
    await parts.people.decide(String(row?.id), "blocked", "key:operator", undefined);
    expect((await send(by("ada")))?.message.from_person).toBe(false);
  });
});
