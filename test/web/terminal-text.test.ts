import { expect, test } from "bun:test";
import { terminalText } from "../../src/web/parts/terminal-text.ts";

test("what a program tells the terminal is not shown, and everything else is", () => {
  expect(terminalText("\u001b[31mred\u001b[0m \u001b[1;38;5;196mbold\u001b[m")).toBe("red bold");
  expect(terminalText("\u001b[2J\u001b[Hnew\u001b[1A\u001b[2K line \u001b[?25l")).toBe("new line ");
  const link = "\u001b]8;;https://example.com\u001b\\a link\u001b]8;;\u001b\\";
  expect(terminalText(`\u001b]0;a title\u0007named ${link}`)).toBe("named a link");
  expect(terminalText("[31m, a[0] and \\u001b[31m stay\n\ttabs")).toBe(
    "[31m, a[0] and \\u001b[31m stay\n\ttabs",
  );
});
