import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

test("however a line is written, it has no secrets and no control sequences; Heddle's own lines keep their colours", () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "stray-writer.ts")],
    { encoding: "utf8", timeout: 20_000 },
  );
  expect(status).toBe(0);
  const shown = "shown to its owner: s3cret-9Qk2Lm\n";
  expect(stdout).toContain(shown);
  const all = `${stdout}${stderr}`.replace(shown, "");
  expect(all).not.toContain("s3cret");
  for (let way = 1; way <= 16; way++) expect(all).toMatch(new RegExp(`\\b${way} \\[redacted\\]`));
  const lines = stdout.split("\n");
  expect(lines[0]).toBe("1 [redacted] \\u001b[2J\\u009b31m\\u202e");
  expect(lines).toContain("15 [redacted] a\tb");
  expect(lines).toContain("own [redacted] \u001b[32mgreen\u001b[0m");
  expect(lines.slice(-3)).toEqual(["16 [redacted] without an end", "after", ""]);
});
