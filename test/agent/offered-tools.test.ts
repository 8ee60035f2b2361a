import { expect, test } from "bun:test";
import { offeredTools } from "../../src/agent/offered-tools.ts";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
import { tool } from "./fixture.ts";

const registry = createToolRegistry();
for (const name of ["github_get", "github_post", "weather"])
  registry.add(
    "core",
    tool(name, () => "x"),
  );

const offered = (message: string[], more: { own?: string[]; disabled?: string[] } = {}) => {
  const { tools, warnings } = offeredTools(registry, { own: [], disabled: [], ...more, message }, []);
  return { names: [...tools.keys()], warnings };
};

test("a message may name tools by a pattern, like a bot", () => {
  expect(offered(["github_*"])).toEqual({ names: ["github_get", "github_post"], warnings: [] });
  expect(offered(["*"]).names).toEqual(["github_get", "github_post", "weather"]);
  expect(offered(["*"], { disabled: ["github_*"] }).names).toEqual(["weather"]);
});

test("a pattern that matches no tool causes a warning", () => {
  expect(offered(["gitlab_*"], { own: ["weather"] })).toEqual({
    names: ["weather"],
    warnings: [`No tool's name fits "gitlab_*".`],
  });
});
