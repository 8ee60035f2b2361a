// Statements of the embedded database that wait for each other leave turns to everything else.

import { expect, test } from "bun:test";
import { embeddedDatabase } from "../database.ts";

const open = embeddedDatabase();

test("timers and requests have their turns while many statements wait", async () => {
  const db = await open();
  let [turns, done] = [0, 0];
  const turn = () => {
    turns += 1;
    if (done < 100) setTimeout(turn);
  };
  setTimeout(turn);
  // Callers that go on at once, as the path of a message does, and others beside them.
  const many = async () => {
    for (let at = 0; at < 10; at++) {
      await db.execute("select count(*) from generate_series(1, 20000)");
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, many));
  // Without turns the first timer fires after the last statement.
  expect(turns).toBeGreaterThan(5);
});
