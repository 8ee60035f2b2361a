import { expect, test } from "bun:test";
import { createWorkspaceTools } from "../../../src/agent/tools/builtin/workspace.ts";
import { createToolRegistry } from "../../../src/agent/tools/registry.ts";
import type { ToolContext } from "../../../src/sdk/types.ts";
import { temporaryWorkspace } from "../../workspace/fixture.ts";

async function tools() {
  const workspace = await temporaryWorkspace();
  const registry = createToolRegistry();
  for (const tool of createWorkspaceTools(workspace)) registry.add("core", tool);
  const context = { bot_id: "helper", task_id: crypto.randomUUID() } as ToolContext;
  return {
    ...workspace,
    names: registry.list().map(({ name }) => name),
    call: (name: string, args: object): unknown => registry.get(name)?.run(args as never, context),
    wrong: (name: string, args: object) =>
      registry
        .get(name)
        ?.validate(args)
        .map(({ field }) => field),
  };
}

test("a bot writes, lists, reads by lines and searches; code that it writes is reported as waiting for approval", async () => {
  await using it = await tools();
  expect(it.names).toEqual(["workspace_list", "workspace_read", "workspace_search", "workspace_write"]);
  expect(await it.call("workspace_write", { path: "common/a.md", content: "one\ntwo\nthree" })).toEqual({
    path: "common/a.md",
    bytes: 13,
    outcome: "created",
  });
  expect(await it.call("workspace_write", { path: "integrations/mine/a.ts", content: "1" })).toMatchObject({
    outcome: "created",
    note: expect.stringContaining("approval"),
  });
  expect(await it.call("workspace_list", { recursive: true })).toEqual({
    entries: [
      "bots/",
      "common/",
      "common/a.md",
      "integrations/",
      "integrations/mine/",
      "integrations/mine/a.ts",
      "users/",
    ],
    truncated: false,
  });
  expect(await it.call("workspace_read", { path: "common/a.md", from_line: 2, lines: 1 })).toEqual({
    path: "common/a.md",
    from_line: 2,
    total_lines: 3,
    content: "two",
  });
  expect(await it.call("workspace_search", { query: "THREE" })).toEqual({
    matches: [{ path: "common/a.md", line: 3, text: "three" }],
    truncated: false,
  });
});

test("a missing or forbidden path is an answer; a missing argument is found before the call", async () => {
  await using it = await tools();
  expect(await it.call("workspace_read", { path: "common/none" })).toEqual({
    error: "There is no common/none in the workspace.",
  });
  expect(await it.call("workspace_write", { path: "../x", content: "" })).toEqual({
    error: 'The path must not contain "..".',
  });
  await it.call("workspace_write", { path: "common/a", content: "old" });
  const kept = await it.call("workspace_write", { path: "common/a", content: "new", replace: false });
  expect(kept).toMatchObject({ error: expect.stringContaining("exists") });
  expect(it.wrong("workspace_write", { path: "common/a" })).toEqual(["content"]);
  expect(it.wrong("workspace_search", { query: "" })).toEqual(["query"]);
});
