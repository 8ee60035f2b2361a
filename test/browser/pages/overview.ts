import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function overviewTests(ui: () => Ui): void {
  test("overview: where nothing has happened yet, a button leads to the first steps", async () => {
    await using opened = await ui().openPage("/inbox");
    const { page } = opened;
    // The home of the tests is not empty.
    await page.route("**/api/v1/activity**", async (route) => {
      const answer = await (await route.fetch()).json();
      const buckets = answer.buckets.map(({ at }: { at: string }) => ({
        ...{ at, runs: {}, deliveries: {}, webhooks: {} },
      }));
      await route.fulfill({ json: { ...answer, buckets } });
    });
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("link", { name: "Take the first steps" }).last().click();
    await page.getByRole("heading", { name: "First steps" }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("overview: a card with whatever an integration sends takes nothing else away, and runs nothing", async () => {
    await using opened = await ui().openPage("/about", { width: 360, height: 740 });
    const { page } = opened;
    await page.route("**/integrations/mission_control/mc/*/data", (route) =>
      route.fulfill({ json: HOSTILE }),
    );
    await opened.go("/");
    const card = page.getByRole("heading", { name: "Alarms <i>now</i>" }).first().locator("..");
    // Until its renderer is loaded, Markdown is plain text.
    await card.getByRole("link", { name: "outside" }).waitFor();
    await card.getByRole("cell", { name: '{"a":1}' }).waitFor();
    const { links, alive, heights } = await page.evaluate<Record<string, unknown>>(`(() => {
      const card = [...document.querySelectorAll("h3")].find(({ textContent }) => /^Alarms/.test(textContent)).parentElement;
      const all = (what) => [...card.querySelectorAll(what)];
      return {
        links: all("a").map((one) => one.getAttribute("href")),
        alive: all("img, iframe, script, b").length,
        heights: Math.max(...all("th").map(({ clientHeight }) => clientHeight)),
      };
    })()`);
    // A refused address is no link, which would lead back here.
    expect(links).toEqual(["https://example.com/", "https://outside.example.com/pixel.png"]);
    expect(alive).toBe(0);
    // The words of a wide table stay whole; the table scrolls.
    expect(heights).toBeLessThan(40);
    expect(await page.evaluate("document.querySelector('main').scrollWidth - innerWidth")).toBe(0);
    expect(await opened.accessibility("nav[aria-label='Pages']")).toEqual([]);
    expect(opened.faults).toEqual([]);
  });

  test("overview: what is still being read is not told as nothing, here and elsewhere", async () => {
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    for (const path of ["activity", "schedules/*/occurrences", "channels?*skill*", "logs/stream"]) {
      await page.route(`**/api/v1/${path}**`, async (route) => {
        await held;
        await route.continue();
      });
    }
    const [schedule] = (await ui().api("GET", "/api/v1/schedules?limit=1")).schedules;
    const said: string[] = [];
    for (const [path, part, claim] of [
      ["/", "What has happened", /None failed/],
      [`/schedules/${schedule.id}`, "What became of its times", /It has not been due yet/],
      ["/skills/opening-hours", "Who has it", /Nobody has it/],
      ["/logs", "The server's log", /Nothing has been written yet/],
    ] as const) {
      await opened.go(path);
      await page
        .getByRole("heading", { name: part })
        .or(page.getByRole("region", { name: part }))
        .waitFor();
      if ((await page.getByText(claim).count()) > 0) said.push(path);
    }
    release();
    expect(said).toEqual([]);
    await page.getByRole("region", { name: "The server's log" }).getByText("Telegram").first().waitFor();
    await opened.go("/");
    await page.getByText("Webhooks", { exact: true }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("about: what the server holds stands in one row", async () => {
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    const labels = page.locator("main [data-dense] > div > span:first-child");
    await labels.first().waitFor();
    const tops = await labels.evaluateAll((all) =>
      all.map((one) => Math.round(one.getBoundingClientRect().top)),
    );
    expect(tops.length).toBeGreaterThan(6);
    expect(new Set(tops).size).toBe(1);
  });
}

const HOSTILE = {
  title: "Alarms <i>now</i>",
  sections: [
    null,
    {
      type: "stat_row",
      stats: [null, { label: { a: 1 }, value: { b: 2 } }, { label: "Big", value: 123_456_789.123 }],
    },
    { type: "table", headers: ["Same", "Same", { a: 1 }], rows: [[{ a: 1 }, [1, 2], null], "no row"] },
    { type: "chart", kind: "nonsense", x: [{}], series: [{ label: "s", data: ["x"] }, null] },
    {
      type: "chart",
      kind: "pie",
      x: ["The share of those that have a rather long name"],
      series: [{ data: [3] }],
    },
    {
      type: "markdown",
      content: `[script](javascript:alert(1)) [data](data:text/html,x) <javascript:alert(2)> [outside](https://example.com/)
![pixel](https://outside.example.com/pixel.png) ![data](data:image/png;base64,AA)

<img src=x onerror=alert(1)> <script>alert(3)</script> <iframe src="https://outside.example.com"></iframe> <b>bold html</b>

| ${"words ".repeat(12).trim().replaceAll(" ", " | ")} |
|${"---|".repeat(12)}
| ${"cells ".repeat(12).trim().replaceAll(" ", " | ")} |
`,
    },
  ],
};
