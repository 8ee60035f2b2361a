import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

/** Bots, skills, carapaces, templates, documents and memories, and what a channel has of them. */
export function knowledgeTests(ui: () => Ui): void {
  test("capabilities: an integration is activated with what it brings, a template chosen, skills edited as YAML", async () => {
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=team:weavers");
    const { id } = channels[0];
    await using opened = await ui().openPage(`/channels/${id}?tab=capabilities`);
    const { page } = opened;
    const offer = page.getByRole("article", { name: "GitHub" });
    await offer.getByText("github_*").waitFor();
    await offer.getByRole("button", { name: "Activate GitHub" }).click();
    await offer.getByText("Active here").waitFor();
    await page.getByRole("combobox", { name: "The channel's template" }).click();
    await page.getByRole("option", { name: /software-project/ }).click();
    await page.getByText("Fits github").waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    const editor = page.getByLabel("The channel as YAML");
    await editor.fill("skills:\n  - id: opening-hours\n    mode: sometimes\n");
    await page.getByRole("button", { name: "Save channel" }).click();
    await page.getByRole("button", { name: "Line 3" }).waitFor();
    await editor.fill("skills:\n  - id: opening-hours\n    mode: pinned\n");
    await page.getByRole("button", { name: "Save channel" }).click();
    await page.getByText("pinned", { exact: true }).waitFor();
    expect(await ui().api("GET", `/api/v1/channels/${id}`)).toMatchObject({
      template_id: "software-project",
      skills: [{ id: "opening-hours", mode: "pinned" }],
      carapaces: [],
    });
    await offer.getByRole("button", { name: "Deactivate …" }).click();
    await page.getByRole("button", { name: "Deactivate GitHub" }).click();
    await offer.getByRole("button", { name: "Activate GitHub" }).waitFor();
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });
}
