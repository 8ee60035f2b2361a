// Names of tools that somebody has written, and what is told of those that no tool has.

import { expect, test } from "bun:test";
import { unknownInRules, unknownTools } from "../../src/capabilities/tool-patterns.ts";

const tools = [{ name: "code_with_claude" }, { name: "get_pr", reference: "mcp:github/get_pr" }];
const there = { get: (name: string) => tools.find((tool) => tool.name === name), list: () => tools };

test("a bot is told where delegation comes from, and rules may name what is no tool of the registry", () => {
  expect(unknownTools(["code_with_claude", "mcp:github", "get_*"], there)).toEqual([
    `No tool's name fits "get_*".`,
  ]);
  expect(unknownTools(["delegate_to_agent"], there)).toEqual([
    '"delegate_to_agent" comes with delegate_bots; it is not named among the tools.',
  ]);
  const known = [
    "delegate_to_agent",
    "delegate_*",
    "code_with_claude/edit",
    "code_with_*",
    "mcp:github/get_pr",
  ];
  expect(unknownInRules(known, there)).toEqual([]);
  expect(unknownInRules(["code_with_codex/edit", "mcp:gitlab/get_pr"], there)).toEqual([
    'There is no tool "code_with_codex".',
    `No tool's name fits "mcp:gitlab/get_pr".`,
  ]);
});
