import { expect, test } from "bun:test";
import { createWorkLog } from "../../src/acp/work-log.ts";

test("an action that failed, or was not allowed, has changed no file", () => {
  const log = createWorkLog("/work", () => undefined);
  const call = (toolCallId: string, path: string, more: object = {}) =>
    log.note({
      ...{ sessionUpdate: "tool_call", toolCallId, title: `Write ${path}`, kind: "edit", status: "pending" },
      locations: [{ path: `/work/${path}` }],
      content: [{ type: "diff", path: `/work/${path}`, oldText: null, newText: "x" }],
      ...more,
    });
  const update = (toolCallId: string, status: string) =>
    log.note({ sessionUpdate: "tool_call_update", toolCallId, status });
  call("1", "kept.txt");
  update("1", "completed");
  call("2", "refused.txt");
  update("2", "failed");
  call("3", "twice.txt");
  update("3", "failed");
  call("4", "twice.txt");
  update("4", "completed");
  call("5", "retried.txt");
  update("5", "failed");
  update("5", "completed");
  expect(log.done("end_turn")).toMatchObject({
    actions: [
      "Write kept.txt",
      "Write refused.txt (failed)",
      "Write twice.txt (failed)",
      "Write twice.txt",
      "Write retried.txt",
    ],
    files: ["kept.txt", "twice.txt", "retried.txt"],
  });
});
