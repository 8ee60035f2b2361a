import { expect, test } from "bun:test";
import { argumentsText } from "../../src/web/parts/arguments-text.ts";

test("of long texts only what differs is marked, and nothing in them is hidden", () => {
  const text = (line: string) => ({ path: "a.md", content: `# Hours\n${line}\nWelcome` });
  expect(argumentsText(text("Ten"), text("Nine")).split("\n")).toEqual([
    "  path: a.md",
    "  content:",
    "    # Hours",
    "-   Nine",
    "+   Ten",
    "    Welcome",
  ]);
});
