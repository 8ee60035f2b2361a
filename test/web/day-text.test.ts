import { expect, test } from "bun:test";

const MODULE = `${import.meta.dir}/../../src/web/pages/chat/day-text.ts`;

/** In a process of its own, because a zone holds for a process. */
async function told(zone: string, now: string, times: string[]): Promise<string[]> {
  const code = `
    const { dayText } = await import(${JSON.stringify(MODULE)});
    console.log(JSON.stringify(${JSON.stringify(times)}.map((at) => dayText(at, new Date(${JSON.stringify(now)})))));`;
  const run = Bun.spawn([process.execPath, "-e", code], {
    env: { ...process.env, TZ: zone, LANG: "en_GB.UTF-8" },
    stdout: "pipe",
  });
  return JSON.parse(await new Response(run.stdout).text());
}

test("yesterday is the day before, also after a night without an hour", async () => {
  // In Berlin, the 29th of March 2026 has 23 hours; half past midnight on the 30th, 24 hours ago was still the 28th.
  const days = await told("Europe/Berlin", "2026-03-29T22:30:00Z", [
    ...["2026-03-29T22:10:00Z", "2026-03-29T12:00:00Z"],
    "2026-03-28T22:45:00Z",
  ]);
  expect(days.slice(0, 2)).toEqual(["Today", "Yesterday"]);
  expect(days[2]).not.toBe("Yesterday");
});
