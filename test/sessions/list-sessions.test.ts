import { expect, test } from "bun:test";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

eachDatabase("lists of sessions", (open) => {
  test("are in the order of their last messages if asked, page by page, with the names of their channels", async () => {
    const db = await open();
    const { sessions, channels } = await createSessionsFixture(db);
    const ids: string[] = [];
    for (const name of ["one", "two", "three"]) {
      const { channel } = await channels.getOrCreate(`list:${name}`, { name: `The ${name}` });
      const { session_id } = await sessions.getOrCreate({ clientId: channel.client_id, botId: "default" });
      ids.push(session_id);
      await sessions.inject({ sessionId: session_id, content: `First of ${name}`, source: "test" });
    }
    const [one = "", two = "", three = ""] = ids;
    await sessions.inject({ sessionId: one, content: "Again", source: "test" });
    const read = async (more: object) => (await sessions.list({ limit: 10, ...more })).map(({ id }) => id);
    expect(await read({})).toEqual([three, two, one]);
    expect(await read({ order: "activity" })).toEqual([one, three, two]);
    const page = (cursor?: string) => read({ order: "activity", limit: 1, ...(cursor && { cursor }) });
    expect([await page(), await page(one), await page(three), await page(two)]).toEqual([
      [one],
      [three],
      [two],
      [],
    ]);
    const [found, ...others] = await sessions.list({ limit: 10, q: "THE TWO" });
    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: two, channel_name: "The two", title: "First of two" });
  });
});
