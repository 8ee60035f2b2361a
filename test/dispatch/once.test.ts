import { expect, test } from "bun:test";
import type { Database } from "../../src/db/database.ts";
import { createOnce } from "../../src/dispatch/once.ts";

test("a part that has been done is noted although the database is away for a moment", async () => {
  let failures = 2;
  const noted: object[] = [];
  const update = () => ({
    set: (change: object) => ({
      async where() {
        if (failures-- > 0) throw Object.assign(new Error("gone"), { code: "CONNECTION_CLOSED" });
        noted.push(change);
      },
    }),
  });
  const db = { query: { update } } as unknown as Pick<Database, "query">;
  const once = createOnce({ db, redact: (text) => text })({ id: "a-delivery", parts: null });
  let done = 0;
  expect(await once("post", () => ++done)).toBe(1);
  expect([done, noted.length]).toEqual([1, 1]);
});
