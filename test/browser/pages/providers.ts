import { expect, test } from "bun:test";
import { fakeEndpoint, refuses, says } from "../../providers/fake-endpoint.ts";
import type { Ui } from "../ui.ts";

export function providersTests(ui: () => Ui): void {
  test("providers: one is added, tested, described and deleted, and its key is never shown", async () => {
    let isBroken = true;
    await using endpoint = await fakeEndpoint((request) => {
      if (request.url.endsWith("/models")) return { status: 200, json: { data: [{ id: "weaver-1" }] } };
      return isBroken ? refuses(401, "no such key") : says("One two three")(request);
    });
    await using opened = await ui().openPage("/admin/providers?add=1");
    const { page } = opened;
    await page.getByRole("combobox", { name: "Vendor" }).click();
    await page.getByRole("option", { name: "Another" }).click();
    await page.getByRole("textbox", { name: "Id" }).fill("loom");
    await page.getByRole("textbox", { name: "Name" }).fill("Loom's models");
    await page.getByLabel("Address of the endpoint").fill(endpoint.url);
    await page.getByRole("textbox", { name: "Key" }).fill("sk-a-secret-of-the-loom");
    await page.getByLabel("Default model").fill("weaver-1");
    await page.getByRole("button", { name: "Add the provider" }).click();
    await page.getByRole("heading", { name: "Loom's models" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/admin/providers/loom");

    await page.getByRole("button", { name: "Test it" }).click();
    await page.getByText("weaver-1 did not answer.").waitFor();
    await page.getByText("Check api_key").waitFor();
    isBroken = false;
    await page.getByRole("button", { name: "Test it" }).click();
    await page.getByText("weaver-1 answered in").waitFor();

    await page.getByRole("button", { name: "Set what is known of weaver-1" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Context window").fill("32000");
    await dialog.getByRole("textbox", { name: "Input", exact: true }).fill("0.5");
    await dialog.getByLabel("Output").fill("2");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /weaver-1.*32k.*\$0\.5.*\$2/ }).waitFor();

    await ui().api("POST", "/api/v1/bots", { id: "loom-bot", name: "Loom bot", model: "loom/weaver-1" });
    expect(await page.content()).not.toContain("sk-a-secret");
    expect(await opened.accessibility()).toEqual([]);
    await page.getByRole("button", { name: "Delete …" }).click();
    await dialog.getByText("loom/weaver-1").waitFor();
    await dialog.getByRole("button", { name: "Delete the provider" }).click();
    await page.getByText("No model answers yet").waitFor();
    await ui().api("DELETE", "/api/v1/bots/loom-bot");
    expect(opened.faults).toEqual([]);
  });
}
