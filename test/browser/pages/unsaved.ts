// What was typed and not saved is not lost without a question: by a link, the palette, the buttons of the browser, a closed dialog.

import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

const question = (page: Page) => page.getByRole("dialog", { name: "Leave without saving?" });

async function stay(page: Page): Promise<void> {
  await question(page).getByRole("button", { name: "Stay" }).click();
  await question(page).waitFor({ state: "detached" });
}

async function leave(page: Page): Promise<void> {
  await question(page).getByRole("button", { name: "Leave without saving" }).click();
  await question(page).waitFor({ state: "detached" });
}

/** Closing or reloading the tab: whether the browser asks, which it does in its own words. */
async function browserAsks(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(
    `!dispatchEvent(Object.assign(new Event("beforeunload", { cancelable: true })))`,
  );
}

const pathOf = (page: Page): string => new URL(page.url()).pathname;

export function unsavedTests(ui: () => Ui): void {
  test("unsaved: links, keys, the palette, the back button and the tab ask before what was typed is lost", async () => {
    await using opened = await ui().openPage("/inbox");
    const { page } = opened;
    await page.getByRole("link", { name: "Budgets" }).first().click();
    await page.getByRole("link", { name: "New budget" }).click();
    const amount = page.getByRole("textbox", { name: /Amount/ });
    await amount.click();
    expect(await browserAsks(page)).toBe(false);
    await amount.fill("7");
    expect(await browserAsks(page)).toBe(true);

    await page.getByRole("link", { name: "Inbox" }).first().click();
    await question(page).waitFor();
    expect(await opened.accessibility()).toEqual([]);
    // Where the system chooses the colours, a dialog has no ground of its own, and needs a border.
    await page.emulateMedia({ forcedColors: "active" });
    const border = "getComputedStyle(document.querySelector('[role=dialog]')).borderTopStyle";
    expect(await page.evaluate(border)).toBe("solid");
    await page.emulateMedia({ forcedColors: "none" });
    await page.keyboard.press("Escape");
    await question(page).waitFor({ state: "detached" });
    expect([pathOf(page), await amount.inputValue()]).toEqual(["/budgets", "$7"]);

    await page.evaluate("history.back()");
    await stay(page);
    await page.getByRole("button", { name: "Close details" }).click();
    await stay(page);
    await page.keyboard.press("Control+k");
    await page.getByRole("textbox", { name: /Search/ }).fill("Schedules");
    await page.getByRole("dialog").getByRole("button", { name: "Schedules" }).first().click();
    await stay(page);
    expect([pathOf(page), await amount.inputValue()]).toEqual(["/budgets", "$7"]);

    // What was taken back is not there to be lost.
    await amount.fill("");
    expect(await browserAsks(page)).toBe(false);
    await amount.fill("8");
    // Going back really goes back.
    await page.evaluate("history.back()");
    await leave(page);
    await until(
      () => page.url(),
      (url) => url.endsWith("/budgets"),
    );
    await page.goBack();
    await until(
      () => pathOf(page),
      (path) => path === "/inbox",
    );
    expect(opened.faults).toEqual([]);
  });

  test("unsaved: what was saved or given up is not asked about, what was refused is", async () => {
    await using opened = await ui().openPage("/budgets?add=1");
    const { page } = opened;
    await page.getByRole("textbox", { name: /Amount/ }).fill("7");
    // Cancel says that it is not wanted.
    await page.getByRole("button", { name: "Cancel" }).click();
    await until(
      () => page.url(),
      (url) => url.endsWith("/budgets"),
    );

    await opened.go("/api-keys?add=1");
    await page.getByRole("textbox", { name: "Name" }).fill("  ");
    await page.getByRole("button", { name: "Create the key" }).click();
    await page.locator("[aria-invalid=true]").waitFor();
    await page.getByRole("link", { name: "Inbox" }).first().click();
    await leave(page);

    await opened.go("/admin/integrations/loom?tab=settings");
    await page.getByRole("textbox", { name: "LOOM_THREADS" }).fill("403");
    await page.getByRole("tab", { name: "Tools" }).click();
    await stay(page);
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await page.getByText("Stored. It takes effect at once.").first().waitFor();
    expect(await browserAsks(page)).toBe(false);
    await page.getByRole("tab", { name: "Tools" }).click();
    await page.getByText("Try it").first().waitFor();
    const unset = { settings: { LOOM_THREADS: null } };
    await ui().api("PUT", "/api/v1/admin/integrations/loom/settings", unset);

    // A text as a whole is a form as well.
    await opened.go("/bots/weaver");
    await page.getByRole("button", { name: "Edit" }).click();
    const yaml = page.getByRole("textbox", { name: "The bot as YAML" });
    const before = await yaml.inputValue();
    await yaml.fill(`${before}\n# not saved`);
    await page.getByRole("link", { name: "Inbox" }).first().click();
    await stay(page);
    await yaml.fill(before);
    await page.getByRole("link", { name: "Inbox" }).first().click();
    await until(
      () => pathOf(page),
      (path) => path === "/inbox",
    );
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });

  test("unsaved: a dialog asks before it is closed beside itself; filters take nothing away, and a draft is kept", async () => {
    await using opened = await ui().openPage("/mission-control/board");
    const { page } = opened;
    await page.getByRole("button", { name: "New task" }).first().click();
    const title = page.getByRole("dialog").getByRole("textbox", { name: "Title" });
    await title.fill("Thread the loom");
    await page.keyboard.press("Escape");
    await stay(page);
    expect(await title.inputValue()).toBe("Thread the loom");
    await page.keyboard.press("Escape");
    await leave(page);
    await title.waitFor({ state: "detached" });

    await opened.go("/schedules?add=1");
    await page.getByRole("textbox", { name: "Name" }).fill("Never");
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByRole("option").first().click();
    await until(
      () => page.url(),
      (url) => url.includes("enabled="),
    );
    expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Never");

    const { sessions } = await ui().api("GET", "/api/v1/sessions?client_id=docs:team");
    await opened.go(`/chat/${sessions[0].id}`);
    await page.getByRole("textbox", { name: /Message/ }).fill("A draft");
    expect(await browserAsks(page)).toBe(false);
    await page.getByRole("link", { name: "Inbox" }).first().click();
    await until(
      () => pathOf(page),
      (path) => path === "/inbox",
    );
    await opened.go(`/chat/${sessions[0].id}`);
    expect(await page.getByRole("textbox", { name: /Message/ }).inputValue()).toBe("A draft");
    await page.getByRole("textbox", { name: /Message/ }).fill("");
    expect(opened.faults).toEqual([]);
  });
}
