import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function evalsTests(ui: () => Ui): void {
  test("evals: what failed comes first, with what has changed since the run before", async () => {
    await using opened = await ui().openPage("/evals");
    const { page } = opened;
    await page.locator("li a").first().click();
    const details = page.getByRole("region", { name: "Details, scrollable" });
    await details.getByText("1 of 2 fixtures passed").waitFor();
    const [first, second] = [details.locator("details").first(), details.locator("details").nth(1)];
    await first.getByText("Passed before").waitFor();
    expect(await first.getByText(/must contain "changes requested"/).isVisible()).toBe(true);
    expect(await first.getByText("- answer: Changes requested: there are no tests.").isVisible()).toBe(true);
    await second.getByText("Failed before").waitFor();
    await details.getByRole("link", { name: "the run before" }).click();
    await details.getByText("Nothing: it is the first of its name").waitFor();
    await details.locator("details").first().getByText('The text must contain "a fault"').waitFor();

    // Whoever runs them in a terminal sees the result here at once.
    const result = { name: "tension", bot_id: "default", problems: [], answer: "Tight.", tools: [] };
    const cost = { model_calls: 1, tokens: 100, cost_usd: null, seconds: 1 };
    await ui().api("POST", "/api/v1/evals", { name: "weaving-again", results: [{ ...result, ...cost }] });
    await page.getByRole("list", { name: "List of evals" }).getByText("weaving-again").waitFor();
    expect(opened.faults).toEqual([]);
  });
}
