import { expect, test } from "bun:test";
import { watchSeen, whenSeen } from "../../src/web/api/seen.ts";
import { until } from "../until.ts";

function tab() {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  return Object.assign(page, {
    turn(state: "visible" | "hidden") {
      page.visibilityState = state;
      page.dispatchEvent(new Event("visibilitychange"));
    },
  });
}
const never = new AbortController().signal;

test("a tab that nobody sees gives its connection back after a while, one that is glanced away from does not", async () => {
  const page = tab();
  const glanced = watchSeen(never, page, 60_000);
  const left = watchSeen(never, page, 5);
  page.turn("hidden");
  await until(() => left.signal.aborted);
  expect(left.isUnseen()).toBe(true);
  page.turn("visible");
  expect([glanced.signal.aborted, glanced.isUnseen()]).toEqual([false, false]);
  glanced.close();
  left.close();
});

test("one that opens unseen waits until somebody looks, or until it is closed", async () => {
  const page = tab();
  page.turn("hidden");
  const told: string[] = [];
  const stop = new AbortController();
  const seen = whenSeen(never, page).then(() => told.push("seen"));
  const closed = whenSeen(stop.signal, page).then(() => told.push("closed"));
  stop.abort();
  await closed;
  expect(told).toEqual(["closed"]);
  page.turn("visible");
  await seen;
  expect(told).toEqual(["closed", "seen"]);
});

test("the end of what is followed ends the connection, for another reason", () => {
  const stop = new AbortController();
  const watch = watchSeen(stop.signal, tab(), 5);
  stop.abort();
  expect([watch.signal.aborted, watch.isUnseen()]).toEqual([true, false]);
  watch.close();
});
