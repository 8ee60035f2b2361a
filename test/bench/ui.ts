// `bun run bench:ui [minutes]`: measures the admin UI in a real browser, on the compiled program: the first paint, how soon an event
// has its row, how the page answers while a process writes 2,000 lines a second, and its memory during live events.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { startUi, type Ui } from "../browser/ui.ts";
import { median } from "./numbers.ts";

const MINUTES = Number(process.argv[2] ?? 30);
const EVENTS_PER_SECOND = 20;
const LINES_PER_SECOND = 2_000;
/** What the page keeps by design (the newest rows, drawn charts) is there after this time. */
const WARM_UP_MS = 60_000;

const ui = await startUi({ prepare: writeFlood });
const report = (what: string, target: string, value: string) =>
  console.log(`${what.padEnd(64)}${target.padEnd(10)}${value}`);
try {
  report("first useful paint of the overview, ms", "≤ 1000", (await firstPaint(ui)).toFixed(0));
  report("webhook sent until its row is on the screen, ms", "< 1000", (await eventToRow(ui)).toFixed(0));
  const log = await whileLinesArrive(ui);
  report("lines a second that arrived in the live log", "2000", log.linesPerSecond.toFixed(0));
  report("interaction to next paint meanwhile, ms, worst of 20", "≤ 200", log.worstMs.toFixed(0));
  const heap = await heapOverTime(ui);
  report(
    `heap after ${MINUTES} min at ${heap.eventsPerSecond.toFixed(1)} events/s, % more`,
    "≤ 10",
    heap.percent.toFixed(1),
  );
  report(
    "the same, MB at the start and at the end",
    "",
    heap.megabytes.map((mb) => mb.toFixed(1)).join(" → "),
  );
} finally {
  await ui[Symbol.asyncDispose]();
}
process.exit(0);

/** An integration whose process writes as many lines as the target says. */
function writeFlood(home: string): void {
  const folder = join(home, "workspace", "integrations", "flood");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "process.ts"),
    `export const CMD = ["bun", "flood.ts"];\nexport const DESCRIPTION = "Writes much";\n`,
  );
  writeFileSync(
    join(folder, "flood.ts"),
    `let n = 0;
let due = performance.now();
setInterval(() => {
  let text = "";
  for (; due < performance.now(); due += ${1000 / LINES_PER_SECOND}) text += "Line " + ++n + " of the flood\\n";
  process.stdout.write(text);
}, 20);
`,
  );
}

/** Median of the time at which the largest content was painted, by the browser's own clock. */
async function firstPaint(ui: Ui): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 5; at++) {
    await using opened = await ui.openPage("/", { fresh: true });
    await opened.page.locator("h2").first().waitFor();
    await opened.page.waitForTimeout(500);
    times.push(
      await opened.page.evaluate<number>(
        `new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
          .observe({ type: "largest-contentful-paint", buffered: true }))`,
      ),
    );
  }
  return median(times);
}

function receive(ui: Ui, number: number): Promise<unknown> {
  return ui.api("POST", "/api/v1/admin/integrations/github/receive", {
    event: "ping",
    body: { zen: `Event ${number}`, repository: { full_name: "octo-org/loom" } },
  });
}

async function eventToRow(ui: Ui): Promise<number> {
  const times: number[] = [];
  await using opened = await ui.openPage("/inbox");
  const { page } = opened;
  const rows = page.locator("li a");
  await rows.first().waitFor();
  for (let at = 0; at < 9; at++) {
    const before = await rows.first().getAttribute("href");
    const begun = performance.now();
    await receive(ui, at);
    while ((await rows.first().getAttribute("href")) === before) await Bun.sleep(5);
    times.push(performance.now() - begun);
    await page.waitForTimeout(200);
  }
  return median(times);
}

async function whileLinesArrive(ui: Ui): Promise<{ linesPerSecond: number; worstMs: number }> {
  await using opened = await ui.openPage("/admin/integrations/flood?tab=process");
  const { page } = opened;
  await page
    .getByText(/Line \d+ of the flood/)
    .first()
    .waitFor();
  await page.waitForTimeout(3_000);
  await page.evaluate(
    `window.durations = [];
    new PerformanceObserver((list) => window.durations.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: "event", durationThreshold: 16 })`,
  );
  const [first, begun] = [await newestLine(page), performance.now()];
  const filter = page.getByLabel("Only lines with this text");
  for (let at = 0; at < 10; at++) {
    await filter.press("7");
    await page.waitForTimeout(200);
    await filter.press("Backspace");
    await page.waitForTimeout(200);
  }
  const seconds = (performance.now() - begun) / 1000;
  const linesPerSecond = ((await newestLine(page)) - first) / seconds;
  const durations = await page.evaluate<number[]>("window.durations");
  return { linesPerSecond, worstMs: Math.max(0, ...durations) };
}

async function newestLine(page: Page): Promise<number> {
  const texts = await page.getByText(/Line \d+ of the flood/).allTextContents();
  return Math.max(...texts.map((text) => Number(/Line (\d+)/.exec(text)?.[1] ?? 0)));
}

async function heapOverTime(ui: Ui) {
  await using opened = await ui.openPage("/inbox", { fresh: true });
  await using overview = await ui.openPage("/", { fresh: true });
  const sessions = await Promise.all(
    [opened, overview].map(({ page }) => page.context().newCDPSession(page)),
  );
  let sent = 0;
  const begun = performance.now();
  const until = begun + WARM_UP_MS + MINUTES * 60_000;
  const sending = (async () => {
    while (performance.now() < until) {
      await receive(ui, sent++);
      const ahead = begun + (sent * 1000) / EVENTS_PER_SECOND - performance.now();
      if (ahead > 0) await Bun.sleep(ahead);
    }
  })();
  await Bun.sleep(WARM_UP_MS);
  const start = await heapOf(sessions);
  await sending;
  const end = await heapOf(sessions);
  const eventsPerSecond = (sent * 1000) / (performance.now() - begun);
  return { percent: (end / start - 1) * 100, megabytes: [start, end], eventsPerSecond };
}

/** MB of all pages after a collection, by the browser's own counter. */
async function heapOf(sessions: CDPSession[]): Promise<number> {
  let bytes = 0;
  for (const session of sessions) {
    await session.send("HeapProfiler.collectGarbage");
    bytes += (await session.send("Runtime.getHeapUsage")).usedSize;
  }
  return bytes / 1024 / 1024;
}
