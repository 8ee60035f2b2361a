import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function shellTests(ui: () => Ui): void {
  test("shell: palette, shortcuts, rail and colours work without a mouse", async () => {
    await using opened = await ui().openPage("/");
    const { page } = opened;
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Go to anything").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("Control+k");
    await page.locator("input[placeholder^='Go to a page']:focus").waitFor();
    await page.keyboard.type("dark colours");
    await page.keyboard.press("Enter");
    await until(() => page.evaluate(`document.documentElement.dataset.mantineColorScheme === "dark"`));
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.getByLabel("Show icons only in the sidebar").click();
    await page.reload();
    await page.getByLabel("Show names in the sidebar").waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("shell: the palette finds single objects by what is typed, and a run by its id", async () => {
    const { tasks } = await ui().api("GET", "/api/v1/tasks?limit=1");
    await using opened = await ui().openPage("/inbox");
    const { page } = opened;
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    const find = async (text: string, found: string | RegExp) => {
      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("Go to a page").fill(text);
      await page.getByRole("dialog").getByRole("button", { name: found }).first().click();
    };
    await find("octo-org/loom", /github:octo-org\/loom/);
    await page.waitForURL(/\/channels\/[0-9a-f-]{36}/);
    await find("scribe", /scribe/);
    await page.waitForURL("**/admin/integrations/scribe");
    await find(tasks[0].id, `Run ${tasks[0].id}`);
    await page.getByRole("heading", { name: /^Run of/ }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("shell: sections of the sidebar are folded and hidden, and stay so", async () => {
    await using opened = await ui().openPage("/inbox");
    const { page } = opened;
    const nav = page.getByRole("navigation", { name: "Pages" });
    await nav.getByRole("button", { name: "Set up" }).click();
    await nav.getByRole("link", { name: "Integrations" }).waitFor({ state: "detached" });
    await page.getByLabel("Account and appearance").click();
    await page.getByRole("menuitem", { name: "Sections of the sidebar" }).click();
    const dialog = page.getByRole("dialog", { name: "Sections of the sidebar" });
    await dialog.getByRole("switch", { name: /^LOOMS/ }).uncheck({ force: true });
    await page.keyboard.press("Escape");
    await page.reload();
    await nav.getByRole("link", { name: "Inbox" }).waitFor();
    expect([
      await nav.getByRole("link", { name: "Integrations" }).count(),
      await nav.getByRole("link", { name: "Sheds" }).count(),
    ]).toEqual([0, 0]);
    await nav.getByRole("button", { name: "Set up" }).click();
    await nav.getByRole("link", { name: "Integrations" }).waitFor();
    expect(await opened.accessibility()).toEqual([]);
    expect(opened.faults).toEqual([]);
  });

  test("shell: going back leads to the place in the list, and to what happened meanwhile", async () => {
    await using opened = await ui().openPage("/tasks", { height: 420 });
    const { page } = opened;
    const list = page.getByRole("list", { name: "List of runs" });
    await list.getByRole("link").nth(3).waitFor();
    const scroller = list.locator("..");
    const topOf = () => scroller.evaluate((element) => element.scrollTop);
    await scroller.evaluate((element) => element.scrollTo({ top: 60 }));
    await until(topOf, (top) => top === 60);
    await list.getByRole("link").nth(3).click();
    await page.getByRole("heading", { name: /^Run of/ }).waitFor();
    await page.goBack();
    await list.getByRole("link").nth(3).waitFor();
    await until(topOf, (top) => top === 60);
    // From the menu, the list begins at its top.
    await page.getByRole("link", { name: "Inbox" }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.getByRole("link", { name: "Runs" }).click();
    await list.getByRole("link").nth(3).waitFor();
    expect(await topOf()).toBe(0);
    expect(opened.faults).toEqual([]);
  });

  test("shell: a name of one long word stays beside the buttons of its page", async () => {
    const { id } = await ui().api("POST", "/api/v1/channels", { client_id: `long:${"w".repeat(120)}` });
    await using opened = await ui().openPage(`/channels/${id}`);
    const { page } = opened;
    await page.getByText("Nobody has said anything here yet").waitFor();
    for (const [width, height] of [
      [1280, 800],
      [360, 740],
    ] as const) {
      await page.setViewportSize({ width, height });
      const wide =
        "[...document.querySelectorAll('h1, main p')].filter((one) => one.scrollWidth > one.clientWidth)";
      expect([width, await page.evaluate(`${wide}.map((one) => one.textContent)`)]).toEqual([width, []]);

      await page.getByRole("button", { name: "Delete …" }).click();
      const dialog = page.getByRole("dialog", { name: /^Delete/ });
      const cross = await dialog.getByRole("button", { name: "Close" }).boundingBox();
      expect(cross && cross.x + cross.width).toBeLessThanOrEqual(width);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });

      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("Go to a page").fill("long:ww");
      const found = page.getByRole("dialog").getByRole("button", { name: /^long:w/ });
      await found.waitFor();
      // Cut with an ellipsis, not by the border of the palette.
      const label = "document.querySelector('.mantine-Spotlight-actionLabel')";
      const cut = `[${label}.scrollWidth > ${label}.clientWidth, getComputedStyle(${label}).textOverflow]`;
      expect(await page.evaluate<unknown>(cut)).toEqual([true, "ellipsis"]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });

  test("shell: on a narrow screen the sidebar is a drawer", async () => {
    await using opened = await ui().openPage("/nowhere", { width: 360, height: 740 });
    const { page } = opened;
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Inbox" }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(opened.faults).toEqual([]);
  });

  test("shell: a tab that nobody sees gives its connection back, and catches up when somebody looks", async () => {
    await using opened = await ui().openPage("/tasks");
    const { page } = opened;
    const turn = (state: string) =>
      page.evaluate(
        `Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
         document.dispatchEvent(new Event("visibilitychange"))`,
      );
    await page.getByText("Live", { exact: true }).waitFor();
    const given = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/v1/events"));
    await turn("hidden");
    await given;
    const { session_id } = await ui().api("POST", "/api/v1/sessions", { client_id: "web:unseen" });
    await ui().api("POST", "/api/v1/chat", { session_id, message: "Was anybody here?" });
    await turn("visible");
    await page.getByText("Was anybody here?").waitFor();
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=web:unseen");
    await ui().api("DELETE", `/api/v1/channels/${channels[0].id}`);
  });

  test("shell: a page whose code does not arrive opens by itself once it does", async () => {
    await using opened = await ui().openPage("/tasks");
    const { page } = opened;
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    let failed = 0;
    const isAway = () => failed < 3;
    // As long as a server restarts, neither its files nor its API are there.
    await page.route(/assets\/|\/health/, (route) => {
      if (!isAway()) return route.continue();
      failed += 1;
      return route.abort();
    });
    await page.getByRole("link", { name: "Documents", exact: true }).click();
    await page.getByRole("heading", { name: "Documents" }).waitFor();
    expect(failed).toBe(3);
  });
}
