import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function schedulesTests(ui: () => Ui): void {
  test("schedules: one is made with a preview, run by hand, paused and deleted", async () => {
    await using opened = await ui().openPage("/schedules");
    const { page } = opened;
    await page.getByRole("link", { name: "New schedule" }).click();
    await page.getByLabel("Name").fill("Evening round");
    await page.getByRole("combobox", { name: "Channel" }).click();
    await page.getByRole("option", { name: /weavers of the northern shed/ }).click();
    await page.getByLabel("Message").fill("Are all looms off?");
    await page.getByLabel("Cron expression").fill("0 25 * * *");
    await page.getByText(/must have five fields/).waitFor();
    await page.getByLabel("Cron expression").fill("30 21 * * *");
    const times = page.getByRole("list", { name: "Next times" });
    await times.getByText(/21:30/).first().waitFor();
    expect(await times.locator("li").count()).toBe(5);
    await page.getByRole("button", { name: "Create schedule" }).click();
    await page.getByRole("heading", { name: "Evening round" }).waitFor();
    await page.getByRole("button", { name: "Run now" }).click();
    await page.getByText("Run by hand").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    const { schedules } = await ui().api("GET", "/api/v1/schedules?enabled=false");
    expect(schedules).toMatchObject([{ name: "Evening round", next_at: null }]);
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete schedule" }).click();
    await page.getByText("The schedule is deleted.").waitFor();
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });
}
