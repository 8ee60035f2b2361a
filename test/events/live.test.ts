import { expect, test } from "bun:test";
import { createLive } from "../../src/events/live.ts";

test("of a task that is claimed again, what its earlier run still writes is told to nobody", () => {
  const live = createLive();
  const told: string[] = [];
  live.onWrite(({ part, text, isOver }) => told.push(`${part} ${text}${isOver ? " over" : ""}`));
  const facts = { task_id: "t1", session_id: "s1", channel_id: "c1", bot_id: "default", owner: null };
  const earlier = live.begin(facts, 1);
  earlier.text(1, "old");
  const later = live.begin(facts, 2);
  later.text(1, "new");
  earlier.text(1, "er");
  earlier.close();
  later.close();
  expect(told).toEqual(["1.1.0 old", "2.1.0 new", "2.1.0 new over"]);
  expect(live.get("t1")?.text.toString()).toBe("new");
});
