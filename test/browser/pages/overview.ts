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
}
