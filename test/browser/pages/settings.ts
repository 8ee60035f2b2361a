import { expect, test } from "bun:test";
import { STATIC_KEY, type Ui } from "../ui.ts";

export function settingsTests(ui: () => Ui): void {
  test("settings: what is set says from where, secrets are not shown, and the filter is in the address", async () => {
    await using opened = await ui().openPage("/settings");
    const { page } = opened;
    await page.getByText("Set, and never shown").first().waitFor();
    expect(await page.content()).not.toContain(STATIC_KEY);
    await page.getByLabel("Name or purpose").fill("log_");
    await page.getByText("API_KEY", { exact: true }).waitFor({ state: "detached" });
    await page.getByLabel("Only those that are set").check({ force: true });
    await page.getByText("LOG_LEVEL").waitFor({ state: "detached" });
    await page.reload();
    await page.getByText("LOG_FORMAT").waitFor();
    expect(await page.locator("dt").allTextContents()).toEqual([
      "LOG_FORMATForm of the lines on standard error.",
    ]);
    expect(await page.locator("dd").allTextContents()).toEqual(["jsonThe environment"]);
    expect(opened.faults).toEqual([]);
  });

  test("settings: the public address is set without a terminal, and the addresses of webhooks are made from it", async () => {
    await using opened = await ui().openPage("/settings?q=BASE_URL");
    const { page } = opened;
    await page.getByRole("button", { name: "Set it" }).click();
    const address = page.getByRole("textbox", { name: "Public address" });
    await address.fill("heddle.example");
    await page.getByRole("button", { name: "Save address" }).click();
    await page.getByRole("alert").getByText("The public address must be an address such as").waitFor();
    await address.fill("https://heddle.example/");
    await page.getByRole("button", { name: "Save address" }).click();
    await page.getByText("Stored here").waitFor();
    const { webhook } = await ui().api("GET", "/api/v1/admin/integrations/github");
    expect(webhook.url).toBe("https://heddle.example/integrations/github/webhook");
    // Somebody else's address is not overwritten without a word.
    await page.getByRole("button", { name: "Change" }).click();
    await address.fill("https://mine.example");
    await ui().api("PUT", "/api/v1/settings/BASE_URL", { value: "https://theirs.example" });
    await page.getByRole("button", { name: "Save address" }).click();
    await page.getByText("+https://theirs.example").waitFor();
    await page.getByRole("button", { name: "Save mine" }).click();
    await address.waitFor({ state: "detached" });
    await page.getByText("https://mine.example").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("button", { name: "Set it" }).waitFor();
    expect(opened.faults.filter((one) => !/4(12|22)/.test(one))).toEqual([]);
  });

  test("about: the licences are read when they are asked for", async () => {
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    await page.getByText(/^Embedded in the server|^PostgreSQL server/).waitFor();
    await page.getByRole("button", { name: "Show the licences" }).click();
    await page.getByText("GloVe: Global Vectors for Word Representation").waitFor();
    expect(opened.faults).toEqual([]);
  });
}
