import { expect, test } from "bun:test";
import { correlated, createLog } from "../src/log.ts";
import { createLogBuffer } from "../src/log-buffer.ts";

const line = (message: string, properties = {}) => ({
  at: new Date(),
  level: "info",
  part: "http",
  message,
  correlation_id: null,
  properties,
});

test("the latest lines are kept, in order, and cut", () => {
  const logs = createLogBuffer();
  for (let number = 1; number <= 2_500; number++) logs.add(line(`line ${number}`));
  expect(logs.after(0, 3).map(({ message }) => message)).toEqual(["line 501", "line 502", "line 503"]);
  expect(
    logs
      .before(undefined)
      .slice(0, 2)
      .map(({ id }) => id),
  ).toEqual([2_500, 2_499]);
  expect(logs.before(503).map(({ id }) => id)).toEqual([502, 501]);
  expect(logs.after(2_499, 10).map(({ id }) => id)).toEqual([2_500]);
  // Of a server that has restarted since.
  expect(logs.after(9_999, 2).map(({ id }) => id)).toEqual([501, 502]);
  logs.add(line("x".repeat(10_000), { text: "y".repeat(10_000) }));
  const [last] = logs.before(undefined);
  expect([last?.message.length, last?.properties]).toEqual([2_000, {}]);
});

test("a follower is woken by the next line, and by the end", async () => {
  const logs = createLogBuffer();
  const ending = new AbortController();
  const woken = logs.more(logs.last(), ending.signal);
  logs.add(line("one"));
  await woken;
  await logs.more(0, ending.signal);
  const ended = logs.more(1, ending.signal);
  ending.abort();
  await ended;
});

test("a kept line is redacted like a written one, with its facts", async () => {
  const logs = createLogBuffer();
  const log = await createLog({
    level: "info",
    format: "pretty",
    redact: (text) => text.replaceAll("hunter2", "[redacted]"),
    write: () => undefined,
    keep: logs.add,
  });
  log.getChild("dispatch").warning("The password {word} failed: {error}", {
    word: "hunter2",
    error: new Error("no hunter2 here"),
    count: 3,
  });
  log.debug("not at this level");
  const kept = logs.before(undefined);
  expect(kept).toMatchObject([
    {
      level: "warning",
      part: "dispatch",
      message: "The password [redacted] failed: no [redacted] here",
      properties: { count: 3 },
    },
  ]);
  expect(JSON.stringify(kept)).not.toContain("hunter2");
});

test("what a run writes has its correlation id, also from other parts and after a while", async () => {
  const logs = createLogBuffer();
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
    keep: logs.add,
  });
  await Promise.all(
    ["one", "two"].map((id) =>
      correlated(id, async () => {
        await Promise.resolve();
        // Too many facts to be kept, but the id is.
        log.getChild("llm").info("Of {id}", { id, more: "x".repeat(5_000) });
      }),
    ),
  );
  log.info("Of nobody");
  expect(logs.after(0, 10).map((line) => [line.message, line.correlation_id])).toEqual([
    ["Of one", "one"],
    ["Of two", "two"],
    ["Of nobody", null],
  ]);
  expect(JSON.parse(lines[0] ?? "").properties).toMatchObject({ id: "one", correlation_id: "one" });
});
