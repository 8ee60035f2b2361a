import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function budgetsTests(ui: () => Ui): void {
  test("budgets: one is made, shown with its cap and forecast, extended once, changed and deleted", async () => {
    await using opened = await ui().openPage("/budgets");
    const { page } = opened;
    await page.getByRole("link", { name: "New budget" }).click();
    const details = page.getByRole("region", { name: "Details, scrollable" });
    const choose = async (field: string, option: string) => {
      await details.getByRole("combobox", { name: field }).click();
      await page.getByRole("option", { name: option, exact: true }).click();
    };
    await choose("Of what", "Runs");
    await choose("In each", "Each run");
    await page.getByLabel("Amount").fill("40");
    await page.getByRole("button", { name: "Create budget" }).click();
    await page
      .getByRole("alert")
      .getByText(/period must be "hour", "day" or "month"/)
      .waitFor();
    await choose("Of what", "Model calls");
    await choose("In each", "Month");
    await page.getByRole("button", { name: "Create budget" }).click();
    await page.getByRole("heading", { name: "The whole server" }).waitFor();
    await page.getByRole("img", { name: /used of 40 model calls/ }).waitFor();
    await page.getByRole("button", { name: "Add 20 model calls for this month" }).click();
    await page.getByText(/20 model calls were added for this month/).waitFor();
    expect(await page.getByRole("button", { name: /^Add / }).count()).toBe(0);
    await page.getByRole("button", { name: "Change amount" }).click();
    await page.getByLabel("Amount: model calls").fill("100");
    await page.getByRole("button", { name: "Save amount" }).click();
    await page.getByText("100 model calls a month").first().waitFor();
    const { budgets } = await ui().api("GET", "/api/v1/budgets?metric=model_calls&period=month");
    expect(budgets).toMatchObject([{ amount: 100, current: { cap: 120, extended: 20 } }]);
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete budget" }).click();
    await page.getByText("The budget is deleted.").waitFor();
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });
}
