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

  test("inbox: what arrives while somebody reads further down waits behind a button", async () => {
    for (let n = 0; n < 15; n++) await arrive(ui());
    await using opened = await ui().openPage("/inbox", { height: 420 });
    const { page } = opened;
    const list = page.getByRole("list", { name: "List of webhooks" });
    await list.getByRole("link").nth(5).waitFor();
    const scroller = list.locator("..");
    await scroller.evaluate((element) => element.scrollTo({ top: 200 }));
    await until(
      () => scroller.evaluate((element) => element.scrollTop),
      (top) => top > 100,
    );
    await arrive(ui());
    const pill = page.getByRole("button", { name: /^1 new webhook$/ });
    await pill.waitFor();
    expect(await scroller.evaluate((element) => element.scrollTop)).toBeGreaterThan(100);
    await pill.click();
    const { events } = await ui().api("GET", "/api/v1/inbox?limit=1");
    await page.locator(`li a[data-key="${events[0].id}"]`).waitFor();
    await until(
      () => scroller.evaluate((element) => element.scrollTop),
      (top) => top === 0,
    );
    expect(opened.faults).toEqual([]);
  });

  test("inbox: all that the filters match are replayed, after their count was told", async () => {
    await using opened = await ui().openPage("/inbox?verdict=accepted");
    const { page } = opened;
    const accepted = async () =>
      (await ui().api("GET", "/api/v1/inbox?verdict=accepted&limit=100")).events.length;
    const before = await accepted();
    await page.getByRole("button", { name: "Replay matching" }).click();
    const dialog = page.getByRole("dialog", { name: /webhooks? will be handled again/ });
    await dialog.waitFor();
    expect(await dialog.getByRole("heading").textContent()).toStartWith(`${before} webhook`);
    await dialog.getByRole("button", { name: "Replay matching" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText(`${before} webhooks handled again.`).waitFor();
    expect(await accepted()).toBe(2 * before);
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

/** One without a signature, which is refused and recorded. */
const arrive = (ui: Ui) => fetch(`${ui.url}/integrations/github/webhook`, { method: "POST", body: "{}" });
