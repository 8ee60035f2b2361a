import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function inboxTests(ui: () => Ui): void {
  test("inbox: filters and the open webhook are in the address; keys move and Escape closes", async () => {
    await using opened = await ui().openPage("/inbox?verdict=rejected");
    const { page } = opened;
    await page.getByRole("listitem").first().getByRole("link").click();
    await page.getByRole("heading", { name: /POST github/ }).waitFor();
    expect(new URL(page.url()).search).toBe("?verdict=rejected");
    await page.reload();
    await page.getByRole("heading", { name: /POST github/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: /POST github/ }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Clear filters" }).click();
    await until(() => page.evaluate(`document.querySelectorAll("li a").length > 3`));
    await page.locator("li a").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Close details" }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("inbox: what arrives is on the screen by itself", async () => {
    await using opened = await ui().openPage("/inbox");
    const { page } = opened;
    await page.getByText("Live", { exact: true }).waitFor();
    await page.locator("li a").first().waitFor();
    await fetch(`${ui().url}/integrations/github/webhook`, { method: "POST", body: "{}" });
    const { events } = await ui().api("GET", "/api/v1/inbox?limit=1");
    await page.locator(`li a[data-key="${events[0].id}"]`).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("inbox: a webhook is replayed, and the replay says of what", async () => {
    const { events } = await ui().api("GET", "/api/v1/inbox?verdict=accepted&limit=1");
    const [{ id }] = events;
    await using opened = await ui().openPage(`/inbox/${id}`);
    const { page } = opened;
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save for heddle dev" }).click(),
    ]);
    expect(saved.suggestedFilename()).toMatch(/^github-[0-9a-f]{8}\.json$/);
    expect(JSON.parse(readFileSync(await saved.path(), "utf8"))).toMatchObject({
      headers: { "x-github-event": "pull_request" },
      body: expect.stringContaining("octo-org/loom"),
    });
    await page.getByText(/heddle receive github github-/).waitFor();
    await page.getByRole("button", { name: "Replay", exact: true }).click();
    // The page goes to the replay.
    await page.getByText("Replay of").waitFor();
    await page.locator(`a[href="/inbox/${id}"]`).last().click();
    await page.waitForURL(`**/inbox/${id}`);
    expect(opened.faults).toEqual([]);
  });
}
