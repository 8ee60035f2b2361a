import { afterAll, expect, test } from "bun:test";
import { PGlite } from "@electric-sql/pglite";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { asHeddleError } from "../../src/sdk/errors.ts";
import { fakeHeddle, useTables } from "../../src/sdk/testing.ts";

const sdk = createSdk(createEnvironmentBackend({}));
const database = new PGlite();
afterAll(() => database.close());

test("events are checked, and those of a transaction that is undone are never there", async () => {
  await expect(sdk.publish("a.b")).rejects.toThrow("needs a Heddle server");
  const heddle = fakeHeddle();
  useTables(database);
  try {
    const channelId = "019aacc5-7d3e-7d31-a6a3-f5d4be1f2f7c";
    await sdk.publish("poll.closed", { id: 1, left_out: undefined }, { channelId });
    const tables = sdk.defineTables(["CREATE TABLE polls (id int)"]);
    const undone = tables.transaction(async ({ publish }) => {
      await publish("poll.lost");
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await tables.publish("poll.opened");
    expect(heddle.published).toEqual([
      { name: "poll.closed", data: { id: 1 }, channelId },
      { name: "poll.opened", data: {}, channelId: null },
    ]);
    const refused: [Parameters<typeof sdk.publish>, string][] = [
      [["Poll closed"], "name"],
      [["poll..closed"], "name"],
      [["poll", { text: "x".repeat(4_000) }], "data"],
      [["poll", [] as never], "data"],
      [["poll", {}, { channelId: "mychat:1" }], "channelId"],
    ];
    for (const [given, field] of refused) {
      const error = await sdk.publish(...given).catch((thrown) => thrown);
      expect(asHeddleError(error)).toMatchObject({ code: "validation", field });
    }
  } finally {
    heddle.restore();
    useTables(undefined);
  }
});
