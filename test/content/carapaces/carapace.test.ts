import { describe, expect, test } from "bun:test";
import { readCarapace } from "../../../src/content/carapaces/carapace.ts";

const about = { id: "x", name: "X", origin: { kind: "home" }, file: "/x.yaml", path: "x.yaml" } as const;

describe("a carapace's file", () => {
  test("can have all fields of a capability bundle", () => {
    const yaml = `
id: my/own
name: Mine
description: Does it.
skills: [one, { id: two, mode: pinned }]
local_tools: [read, "github_*"]
mcp_tools: [search]
pinned_tools: [say]
system_prompt_fragment: |
  Do it well.
includes: [base]
delegates:
  - { id: helper, type: bot, description: Helps., model_tier: fast }
tags: a, b
requires:
  tools: [read]
`;
    expect(readCarapace(yaml, about)).toEqual({
      ok: true,
      item: {
        id: "my/own",
        name: "Mine",
        description: "Does it.",
        skills: ["one", { id: "two", mode: "pinned" }],
        local_tools: ["read", "github_*"],
        mcp_tools: ["search"],
        pinned_tools: ["say"],
        system_prompt_fragment: "Do it well.",
        includes: ["base"],
        delegates: [{ id: "helper", type: "bot", description: "Helps.", model_tier: "fast" }],
        tags: ["a", "b"],
        requires: { tools: ["read"] },
        origin: { kind: "home" },
        file: "/x.yaml",
        path: "x.yaml",
      },
    });
    expect(readCarapace("name: Y", about)).toMatchObject({ item: { id: "x", name: "Y", skills: [] } });
  });

  const wrong: [yaml: string, reason: string, line: number][] = [
    ["name: a\nlocal_tools: [a, 7]", "local_tools.1 must be a string; got a number", 2],
    [
      "skills:\n  - fine\n  - id: two\n    mode: always\n",
      "skills.1.mode must be one of: pinned, rag, on_demand",
      4,
    ],
    ["name: a\n\nrequires:\n  tool: [a]\n", 'requires.tool is not known here; did you mean "tools"?', 4],
    ["name: a\ntools: [b]", 'tools is not known here; did you mean "local_tools"?', 2],
    ["id: ../up\n", "id must match pattern", 1],
    ["- a\n- b", "The file must be an object; got an array", 1],
    ["", "The file must be an object; got null", 1],
  ];
  for (const [yaml, reason, line] of wrong) {
    test(`is refused: ${reason}`, () => {
      const read = readCarapace(yaml, about);
      expect(read).toMatchObject({ ok: false, problem: { line } });
      if (!read.ok) expect(read.problem.reason).toStartWith(reason);
    });
  }

  test("that is not YAML is refused with the line", () => {
    const read = readCarapace("name: a\nincludes: [b", about);
    expect(read.ok ? "" : read.problem.reason).toStartWith("The text is not YAML");
    const bomb = `a: &a [x, x]\n${[..."bcdefghijk"].map((key, at) => `${key}: &${key} [${Array(9).fill(`*${"abcdefghij"[at]}`)}]`).join("\n")}`;
    expect(readCarapace(bomb, about)).toMatchObject({ ok: false });
  });
});
