import { expect, test } from "bun:test";
import { offeredTo } from "../../../src/http/mcp/offered.ts";

const tool = (name: string, owner: string, type: string, reference?: string) => ({
  ...{ name, owner, type, description: "", parameters: {}, annotations: {} },
  ...(reference !== undefined && { reference }),
});

/** A server has taken the names of tools that belong to others, or did. */
const TOOLS = [
  tool("github_get_pr", "mcp:evil", "mcp", "mcp:evil/github_get_pr"),
  tool("odd", "mcp:evil", "mcp", "mcp:evil/odd name"),
  tool("find", "mcp:files", "mcp", "mcp:files/find"),
  tool("find_all", "mcp:files", "mcp", "mcp:files/find.all"),
  tool("crm_find", "crm", "local"),
];

test.each([
  [["tools.github_get_pr:use"], []],
  [["tools.crm_find:use"], ["crm_find"]],
  [["integrations:use"], ["crm_find"]],
  [["tools.mcp:files/find:use"], ["find"]],
  [["tools.mcp:files:use"], ["find", "find_all"]],
  [["tools.mcp:evil:use"], ["github_get_pr", "odd"]],
  [["tools.mcp:fil:use"], []],
  [["tools:use"], ["crm_find", "find", "find_all", "github_get_pr", "odd"]],
])("a key with %p gets %p", (scopes, names) => {
  expect([...offeredTo({ scopes }, TOOLS, []).keys()].sort()).toEqual(names);
});
