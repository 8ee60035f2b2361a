import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function approvalsTests(ui: () => Ui): void {
  test("approvals: a call is compared with the one before, and denied where it waits in the chat", async () => {
    await using opened = await ui().openPage("/approvals?status=pending");
    const { page } = opened;
    await page
      .getByText(/waiting for a person/)
      .first()
      .waitFor({ state: "attached" });
    await page.getByRole("link", { name: /workspace_write/ }).click();
    const diff = page.getByRole("region", { name: "Arguments" });
    await diff.waitFor();
    expect(((await diff.textContent()) ?? "").replaceAll(/\n+/g, "\n").trim()).toBe(
      [
        "  path: door/hours.md",
        "  content:",
        "    # Opening hours",
        "    ",
        "-   Ten to six.",
        "+   Nine to six, and on Saturdays until one.",
      ]
        .join("\n")
        .trim(),
    );
    const [asked] = (await ui().api("GET", "/api/v1/approvals?status=pending")).approvals;
    await opened.go(`/chat/${asked.session_id}`);
    const card = page.getByRole("region", { name: "workspace_write waits for a person" });
    await card.getByLabel("Note").fill("Not on Saturdays.");
    await card.getByRole("button", { name: "Deny" }).click();
    await page
      .getByText(/denied this call of workspace_write/)
      .first()
      .waitFor();
    await card.waitFor({ state: "detached" });
    const decided = await until(
      () => ui().api("GET", `/api/v1/approvals/${asked.id}`),
      ({ status }) => status === "denied",
    );
    expect(decided).toMatchObject({ note: "Not on Saturdays.", choice: "once" });
    expect(opened.faults).toEqual([]);
  });

  test("policies: one is written after a dry run, tried, switched off and deleted", async () => {
    await using opened = await ui().openPage("/policies?add=1");
    const { page } = opened;
    const text = page.getByLabel("The policy as YAML");
    await text.fill("name: No writing at all\neffect: forbid\ntools: [workspace_write]\npriority: 5\n");
    await page.getByRole("button", { name: "Dry run" }).click();
    await page
      .getByRole("alert")
      .getByText(/effect/)
      .waitFor();
    await text.fill("name: No writing at all\neffect: deny\ntools: [workspace_write]\npriority: 5\n");
    await page.getByRole("button", { name: "Dry run" }).click();
    await page.getByText(/it fits [12], and would have decided on [12]/).waitFor();
    await page.getByRole("button", { name: "Save policy" }).click();
    await page.getByRole("heading", { name: "No writing at all" }).waitFor();
    await page.getByRole("link", { name: "Try a call" }).click();
    await page.getByLabel("Tool").fill("workspace_write");
    await page.getByRole("button", { name: "Ask the policies" }).click();
    await page.getByRole("status").getByRole("link", { name: "No writing at all" }).click();
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("button", { name: "Switch on" }).waitFor();
    const { policies } = await ui().api("GET", "/api/v1/policies");
    expect(policies.at(-1)).toMatchObject({ name: "No writing at all", enabled: false, priority: 5 });
    // What is taken out of the text is taken out of the policy.
    await page.getByRole("button", { name: "Edit" }).click();
    await text.fill("name: No writing at all\neffect: deny\ntools: [workspace_write]\nenabled: false\n");
    await page.getByRole("button", { name: "Save policy" }).click();
    await page.getByRole("button", { name: "Switch on" }).waitFor();
    const { id } = policies.at(-1);
    expect(await ui().api("GET", `/api/v1/policies/${id}`)).toMatchObject({ enabled: false, priority: 100 });
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete the policy" }).click();
    await page
      .getByRole("heading", { name: "No writing at all", exact: true })
      .waitFor({ state: "detached" });
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });
}
