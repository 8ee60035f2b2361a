import { expect, test } from "bun:test";
import { covers, isScope, SCOPE_PRESETS, scopeProblem, seesAll } from "../../src/access/scopes.ts";

test.each([
  [["admin"], "anything:write", true],
  [["admin"], "admin", true],
  [["tasks:write"], "admin", false],
  [["tasks:read"], "tasks:read", true],
  [["tasks:read"], "tasks:write", false],
  [["tasks:write"], "tasks:read", true],
  [["tasks:*"], "tasks:write", true],
  // `*` is every action, including those that `write` does not cover.
  [["tasks:write"], "tasks:*", false],
  [["tasks:*"], "tasks:*", true],
  [["tools:use"], "tools.workspace_write:use", true],
  [["tools.workspace_write:use"], "tools.workspace_write:use", true],
  [["tools.workspace_write:use"], "tools.workspace_read:use", false],
  [["tools.workspace_write:use"], "tools:use", false],
  [["tools:read"], "tools.workspace_write:use", false],
  [["tools:write"], "tools.workspace_write:use", false],
  [["tools.GetRoom:use"], "tools.GetRoom:use", true],
  [["tools:use"], "tools.mcp:github/get_pr:use", true],
  [["tools.mcp:github:use"], "tools.mcp:github/get_pr:use", true],
  [["tools.mcp:github:use"], "tools.mcp:github/*:use", true],
  [["tools.mcp:github:use"], "tools.mcp:github2/get_pr:use", false],
  [["tools.mcp:github/get_pr:use"], "tools.mcp:github/get_pr:use", true],
  [["tools.mcp:github/get_pr:use"], "tools.mcp:github/get_pr.all:use", false],
  [["tools.mcp:github/get_pr:use"], "tools.get_pr:use", false],
  [["tools.get_pr:use"], "tools.mcp:github/get_pr:use", false],
  [["tasks:read"], "tasks:*", false],
  [["channels:read"], "channels.messages:read", true],
  [["channels:write"], "channels.messages:read", true],
  [["channels.messages:write"], "channels:read", false],
  [["channel:write"], "channels:write", false],
  [["channels:write"], "channels_x:read", false],
  [["bots:read", "tasks:write"], "tasks:write", true],
  [[], "tasks:read", false],
  [["tasks:read"], "nonsense", false],
  [["nonsense"], "tasks:read", false],
])("%p covers %s: %p", (held, wanted, expected) => {
  expect(covers(held, wanted)).toBe(expected);
});

test("a scope names a resource and an action", () => {
  expect(
    ["admin", "tasks:read", "workspaces.files:write", "chat:*", "tools.GetRoom:use"].every(isScope),
  ).toBe(true);
  expect(
    ["", "tasks", "tasks:", ":read", "tasks:delete", "*:read", "Tasks:read", "a..b:read", "x:*"].some(
      isScope,
    ),
  ).toBe(false);
  expect(Object.values(SCOPE_PRESETS).flat().every(isScope)).toBe(true);
});

test("by default, read-only keys and administrators see all rows", () => {
  const { admin_user, read_only, mission_control, ...others } = SCOPE_PRESETS;
  expect([admin_user, read_only, mission_control].map(seesAll)).toEqual([true, true, true]);
  expect(Object.values(others).map(seesAll)).toEqual([false, false, false, false]);
  for (const scope of ["sessions:write", "channels.config:write", "chat:*", "documents:*", "tasks:write"]) {
    expect([scope, seesAll(["logs:read", scope])]).toEqual([scope, false]);
  }
  expect(seesAll(["tasks:read", "sessions:read", "bots:write", "logs:read"])).toBe(true);
});

test.each([
  ["task:read", 'is not a scope; did you mean "tasks:read"?'],
  ["channels.message:write", 'is not a scope; did you mean "channels.messages:write"?'],
  [
    "tasks",
    'must be "admin" or "<resource>[.<part>]:read", ":write", ":use" or ":*"; did you mean "tasks:read"?',
  ],
  ["admn", 'must be "admin" or "<resource>[.<part>]:read", ":write", ":use" or ":*"; did you mean "admin"?'],
  ["integrations.github.sore:write", "is not a scope; "],
  ["tools.a.b:use", "is not a scope; "],
  ["zzzzzzzzzzzz:read", "is not a scope; the resources are api_keys, "],
  ["tools.a_b:use", undefined],
  ["tools.mcp:github:use", undefined],
  ["tools.mcp:github/get.pr:use", undefined],
  ["tools.mcp:github/*:use", "is not a scope; "],
  ["tools.mcp:Git hub/x:use", "must be "],
  ["dispatch.slack:use", undefined],
  ["integrations.github.store:write", undefined],
  ["channels.heartbeat:read", undefined],
])("%s is refused with a suggestion", (scope, problem) => {
  if (problem === undefined) expect(scopeProblem(scope)).toBeUndefined();
  else expect(scopeProblem(scope)).toStartWith(problem);
});
