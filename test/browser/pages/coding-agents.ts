import { expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

const AGENT = join(import.meta.dirname, "..", "..", "acp", "fake-agent.ts");

export function codingAgentsTests(ui: () => Ui): void {
  test("coding agents: one is added, tested, asks to change a file, is approved after all of it was seen, and deleted", async () => {
    const { api } = ui();
    await using opened = await ui().openPage("/admin/coding-agents?add=1");
    const { page } = opened;
    await page.getByRole("textbox", { name: "Id" }).fill("fake");
    await page.getByRole("textbox", { name: "Name" }).fill("The apprentice");
    await page.getByRole("textbox", { name: "Command" }).fill("bun");
    await page.getByRole("textbox", { name: "Arguments" }).fill(AGENT);
    await page.getByRole("textbox", { name: "Variables" }).fill("FAKE_TOKEN: a-secret-of-the-apprentice");
    await page.getByRole("button", { name: "Add the agent" }).click();
    await page.getByRole("heading", { name: "The apprentice" }).waitFor();
    await page.getByRole("button", { name: "Test it" }).click();
    await page.getByText("fake 4.5.6").waitFor();
    expect(await page.content()).not.toContain("a-secret-of-the-apprentice");
    expect(await opened.accessibility()).toEqual([]);

    await api("POST", "/api/v1/bots", { id: "master", name: "Master", tools: ["code_with_fake"] });
    await api("POST", "/api/v1/policies", {
      ...{ name: "The master has the apprentice work", effect: "allow" },
      ...{ tools: ["code_with_fake"], bot_id: "master" },
    });
    const place = { client_id: "test:master", bot_id: "master" };
    const { session_id } = await api("POST", "/api/v1/sessions", place);
    const given = { folder: "common/shed", task: "Write it. LONG 90000" };
    const { task_id } = await api("POST", `/api/v1/sessions/${session_id}/messages`, {
      content: `/code_with_fake ${JSON.stringify(given)}`,
      run_agent: true,
    });
    await page.getByText("Working").first().waitFor();
    await page.getByRole("link", { name: /Write it\. LONG/ }).waitFor();

    await opened.go("/approvals?status=pending&bot_id=master");
    await page.getByRole("link", { name: /code_with_fake\/edit/ }).click();
    const approve = page.getByRole("button", { name: "Approve" });
    await approve.waitFor();
    expect(await approve.isDisabled()).toBe(true);
    expect(await page.getByText("rm -rf the end").count()).toBe(0);
    expect(await opened.accessibility()).toEqual([]);
    const more = page.getByRole("button", { name: "Show more" });
    while (await more.isVisible()) await more.click();
    await page.getByText("+ rm -rf the end").waitFor();
    await approve.click();
    const ended = await until(
      () => api("GET", `/api/v1/tasks/${task_id}`),
      ({ status }) => status === "complete",
    );
    expect(ended.result).toContain(" written");

    await page.goto(`${ui().url}/admin/coding-agents/fake`);
    await page.getByText("1 file").waitFor();
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete the agent" }).click();
    await page.getByRole("heading", { name: "The apprentice", exact: true }).waitFor({ state: "detached" });
    await api("DELETE", "/api/v1/bots/master");
    expect(opened.faults).toEqual([]);
  });
}
