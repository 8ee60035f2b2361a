import { expect, test } from "bun:test";
import { pace } from "../../src/web/api/pace.ts";
import { until } from "../until.ts";

test("what is being read is not begun anew by each event, and what happens meanwhile is read afterwards", async () => {
  const begun: PromiseWithResolvers<void>[] = [];
  const paced = pace(() => {
    const one = Promise.withResolvers<void>();
    begun.push(one);
    return one.promise;
  }, 1);
  paced.tell();
  await until(() => begun.length === 1);
  for (let at = 0; at < 5; at++) {
    paced.tell();
    await Bun.sleep(2);
  }
  expect(begun.length).toBe(1);
  begun[0]?.resolve();
  await until(() => begun.length === 2);
  // Nothing has happened since.
  begun[1]?.resolve();
  paced.tell();
  await until(() => begun.length === 3);
  paced.stop();
});

test("what is never answered holds nothing up for ever", async () => {
  let begun = 0;
  const paced = pace(
    () => {
      begun += 1;
      return new Promise(() => {});
    },
    1,
    5,
  );
  paced.tell();
  await until(() => begun === 1);
  paced.tell();
  await until(() => begun === 2);
  paced.stop();
});
