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
  // Shown as it is, this is "to: bob@loom.example" in a browser.
  expect(argumentsText({ to: "bob@\u202eelpmaxe.mool\u200b" }, undefined)).toBe(
    String.raw`to: bob@\u202eelpmaxe.mool\u200b`,
  );
});
