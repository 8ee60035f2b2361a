import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

const HOME = "/admin/integrations/webhook?tab=endpoints";

export function webhookEndpointsTests(ui: () => Ui): void {
  test("webhook endpoints: from a preset to a run, another secret, changed, switched off and deleted", async () => {
    await using opened = await ui().openPage("/admin/integrations/webhook");
    const { page, faults } = opened;
    await page.getByRole("tab", { name: "Endpoints" }).click();
    await page.getByRole("link", { name: "New endpoint" }).first().click();
    await page.getByRole("link", { name: /^Prometheus Alertmanager/ }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("disks");
    await page.getByRole("button", { name: "Create endpoint" }).click();
    const dialog = page.getByRole("dialog");
    const secret = ((await dialog.getByLabel("secret", { exact: true }).textContent()) ?? "").trim();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    await dialog.getByRole("button", { name: "I have copied it" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(secret);
    const url = ((await page.getByLabel("endpoint URL").first().textContent()) ?? "").trim();
    const send = async (token: string) => {
      const answer = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ status: "firing", groupKey: "disk", commonLabels: { alertname: "DiskFull" } }),
      });
      return answer.status;
    };
    expect(await send(secret)).toBe(200);

    await page.getByRole("button", { name: "Send a test event" }).click();
    await page.getByRole("link", { name: "Watch its run" }).waitFor();

    await page.getByRole("button", { name: "Make a secret" }).click();
    const second = ((await dialog.getByLabel("secret", { exact: true }).textContent()) ?? "").trim();
    await dialog.getByRole("button", { name: "I have copied it" }).click();
    await page.getByText("Secret 2").waitFor();
    await page.getByRole("listitem").filter({ hasText: "Secret 1" }).getByRole("button").click();
    await dialog.getByRole("button", { name: "Delete the secret" }).click();
    await page.getByText("Secret 2").waitFor({ state: "detached" });
    expect([await send(secret), await send(second)]).toEqual([403, 200]);

    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByLabel("What the bot is told").fill("{{broken");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").getByText("prompt_template must have").waitFor();
    await page.getByLabel("What the bot is told").fill("A disk: {{status}}");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByLabel("prompt", { exact: true }).getByText("A disk: {{status}}").waitFor();
    await page.getByRole("switch", { name: "Accepts events" }).click();
    await page.getByText("Refuses everything").waitFor();
    expect(await send(second)).toBe(403);
    // The address leads back to it.
    await page.goto(`${ui().url}${HOME}&endpoint=disks`);
    await page.getByRole("button", { name: "Delete …" }).first().click();
    await dialog.getByRole("button", { name: "Delete the endpoint" }).click();
    await page.getByRole("list", { name: "Endpoints" }).getByText("alerts").waitFor();
    expect(await page.getByText("disks", { exact: true }).count()).toBe(0);
    // What was refused is a fault of nobody's: the browser writes each 4xx to the console.
    expect(faults.filter((fault) => !fault.includes("status of 4"))).toEqual([]);
  });
}
