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
}
