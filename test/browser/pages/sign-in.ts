import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function signInTests(ui: () => Ui): void {
  test("sign-in: a wrong key is refused in the API's words, the right one opens the page that was asked for", async () => {
    await using opened = await ui().openPage("/inbox", { signedIn: false });
    const { page } = opened;
    expect(await opened.accessibility()).toEqual([]);
    await page.getByLabel("API key").fill("hdl_wrong");
    await page.keyboard.press("Enter");
    await page
      .getByRole("alert")
      .getByText(/API key/)
      .waitFor();
    await page.getByLabel("API key").fill("a-static-key-of-the-browser-tests");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("401"))).toEqual([]);
  });

  test("sign-in: a link works once, leaves the address, and signing out ends it", async () => {
    const { url } = await ui().api("POST", "/api/v1/sign-in-links", {});
    const path = url.slice(ui().url.length);
    await using opened = await ui().openPage(path, { signedIn: false });
    const { page } = opened;
    await page.getByRole("heading", { level: 1, name: /^(?!Sign in)/ }).waitFor();
    expect(page.url()).not.toContain("once");
    await page.getByLabel("Account and appearance").first().click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Heddle" }).waitFor();
    await page.goto("about:blank");
    await page.goto(`${ui().url}${path}`);
    await page
      .getByRole("alert")
      .getByText(/used or expired/)
      .waitFor();
    expect(opened.faults.filter((one) => !one.includes("401"))).toEqual([]);
  });
}
