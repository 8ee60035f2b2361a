import { expect, test } from "bun:test";
import { createOutput, type OutputLine } from "../../src/processes/output.ts";
import { createRedactor } from "../../src/redact.ts";

function setUp() {
  const lines: OutputLine[] = [];
  const pauses: number[] = [];
  const redactor = createRedactor();
  const clock = { now: 0 };
  const output = createOutput({
    redact: redactor.redact,
    onLine: (line) => lines.push(line),
    now: () => clock.now,
    pause: async (ms) => void pauses.push(ms),
  });
  const write = (text: string, source: "stdout" | "stderr" = "stdout") =>
    output.write(new TextEncoder().encode(text), source);
  return { output, write, lines, pauses, clock, redactor, texts: () => lines.map(({ text }) => text) };
}

test("lines are reassembled from any pieces, separately for each stream", () => {
  const { output, lines } = setUp();
  const bytes = new TextEncoder().encode("grüße\r\nzwei\n");
  for (const byte of bytes) {
    void output.write(Uint8Array.of(byte), "stdout");
    void output.write(Uint8Array.of(byte), "stderr");
  }
  void output.write(new TextEncoder().encode("no end"), "stdout");
  output.end();
  expect(lines.map(({ source, text }) => `${source} ${text}`)).toEqual([
    "stdout grüße",
    "stderr grüße",
    "stdout zwei",
    "stderr zwei",
    "stdout no end",
  ]);
});

test("of a line that is written anew, as progress bars are, the last text counts, however long it goes on", () => {
  const { output, write, texts } = setUp();
  void write("\rloading 10 %\rloading 100 %\r\n");
  for (let step = 0; step <= 5_000; step += 1) void write(`step ${step} of 5000\r`);
  void write("all done\nfirst\r");
  void write("\r");
  void write("\nwindows\r\r\n\r\nthe last\rone");
  output.end();
  expect(texts()).toEqual(["loading 100 %", "all done", "first", "windows", "", "one"]);
});

test("colours and control characters are removed, so that a secret around them is found", () => {
  const { write, texts, redactor } = setUp();
  redactor.add("canary-Zq7-secret");
  void write("\u001b[31mred\u001b[0m\u0007\tand\u0000 can\u001b[1mary-Zq7-secret\n");
  void write("\u001b]0;a title\u0007named \u001b]8;;https://example.com\u001b\\a link\u001b]8;;\u001b\\\n");
  expect(texts()).toEqual(["red\tand [redacted]", "named a link"]);
});

test("a secret across the cut of a long line is not partly visible", () => {
  const { write, texts, redactor } = setUp();
  const secret = "canary-".repeat(20);
  redactor.add(secret);
  void write(`${"x".repeat(4090)}${secret}${"y".repeat(100_000)}\nnext\n`);
  const [long = "", next] = texts();
  expect(long.length).toBeLessThanOrEqual(4097);
  expect(long).not.toContain("canary");
  expect(next).toBe("next");
});

test("a gigabyte of output becomes a bounded number of lines and a count of the rest", () => {
  const { output, write, lines, pauses, clock } = setUp();
  const chunk = new TextEncoder().encode("0123456789abcde\n".repeat(4096));
  const chunks = 16 * 1024;
  for (let count = 0; count < chunks; count++) {
    // Spread over ten seconds, the maximum reading rate.
    clock.now = Math.floor((count / chunks) * 10_000);
    void output.write(chunk, "stdout");
  }
  const written = lines.filter(({ source }) => source === "stdout").length;
  expect(written).toBeGreaterThanOrEqual(1000);
  expect(written).toBeLessThanOrEqual(2010);
  expect(pauses.length).toBeGreaterThan(0);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1000);
  clock.now += 60_000;
  void write("quiet again\n");
  expect(lines.at(-1)?.text).toBe("quiet again");
  const told = lines
    .filter(({ source }) => source === "heddle")
    .map(({ text }) => Number(/too much at once: (\d+) lines/.exec(text)?.[1]));
  expect(told.reduce((sum, count) => sum + count, 0) + written).toBe(chunks * 4096);
});

test("an endless line is not kept in memory", () => {
  const { output, lines } = setUp();
  const chunk = new Uint8Array(64 * 1024).fill(120);
  const before = process.memoryUsage().arrayBuffers;
  for (let count = 0; count < 4096; count++) void output.write(chunk, "stdout");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  expect(lines).toEqual([]);
  output.end();
  expect(lines).toHaveLength(1);
  expect(lines[0]?.text).toHaveLength(4097);
});

test("the end of a flood is kept if the process ends during it", () => {
  const { output, write, texts, redactor } = setUp();
  redactor.add("canary-Zq7-secret");
  for (let count = 0; count < 100; count++) void write("noise\n".repeat(1000));
  void write("Error: it cannot go on with canary-Zq7-secret\n", "stderr");
  void write("the very la", "stderr");
  void write("st", "stderr");
  output.end();
  expect(texts().slice(-2)).toEqual(["Error: it cannot go on with [redacted]", "the very last"]);
  const counted = texts().filter((text) => text === "noise").length;
  const told = texts().map((text) => Number(/: (\d+) lines/.exec(text)?.[1] ?? 0));
  expect(told.reduce((sum, count) => sum + count, 0) + counted).toBe(100_000);
});

test("a clock that is set back does not keep the process from writing", () => {
  const { output, pauses, clock } = setUp();
  clock.now = 10_000_000;
  void output.write(new Uint8Array(10), "stdout");
  clock.now = 0;
  for (let megabytes = 0; megabytes < 40; megabytes++) {
    void output.write(new Uint8Array(1024 * 1024), "stdout");
    clock.now += 1000;
  }
  expect(pauses).toEqual([]);
});
