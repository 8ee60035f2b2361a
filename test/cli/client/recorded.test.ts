import { expect, test } from "bun:test";
import { recordedIn } from "../../../src/cli/client/recorded.ts";

test("a file is a recorded webhook or a plain body", () => {
  const event = { id: "1", path: "/webhook/x", headers: { "X-Event": "a", n: 1 }, body: '{ "a":1}' };
  expect(recordedIn(JSON.stringify(event))).toEqual({
    path: "/webhook/x",
    headers: { "x-event": "a", n: "1" },
    body: '{ "a":1}',
  });
  expect(recordedIn('{"headers": {}, "body": {"a": 1}}')).toEqual({ headers: {}, body: '{"a":1}' });
  for (const body of [
    '{ "a": 1 }',
    "[]",
    "null",
    "a=1&b=2",
    "",
    '{"headers": [], "body": ""}',
    '{"headers": {}}',
  ]) {
    expect(recordedIn(body)).toEqual({ headers: {}, body });
  }
});
