import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function usageTests(ui: () => Ui): void {
  test("usage: a row leads to its calls by day, and the address keeps what was chosen", async () => {
    await using opened = await ui().openPage("/usage?span=7");
    const { page } = opened;
    // Runs of the seed may end meanwhile: the page follows by itself.
    const bot_id = "default";
    await until(async () => {
      const { usage } = await ui().api("GET", `/api/v1/usage?group_by=bot&bot_id=${bot_id}`);
      return page.getByRole("row", { name: new RegExp(`^${bot_id} ${usage[0]?.calls} `) }).isVisible();
    });
    await page.getByRole("link", { name: bot_id, exact: true }).click();
    await page.getByRole("columnheader", { name: "Day" }).waitFor();
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ span: "7", bot_id, by: "day" });
    await page.reload();
    await page.getByRole("rowheader", { name: new Date().toISOString().slice(0, 10) }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("usage: where nothing matches, a button shows everything again", async () => {
    await using opened = await ui().openPage("/usage?model=no-such-model");
    const { page } = opened;
    await page.getByText("No call matches these filters").waitFor();
    await page.getByRole("main").getByRole("button", { name: "Clear filters" }).last().click();
    await page.getByRole("heading", { name: "By bot" }).waitFor();
    expect(opened.faults).toEqual([]);
  });
}
