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

  test("shell: on a narrow screen the sidebar is a drawer", async () => {
    await using opened = await ui().openPage("/nowhere", { width: 360, height: 740 });
    const { page } = opened;
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Inbox" }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(opened.faults).toEqual([]);
  });
}
