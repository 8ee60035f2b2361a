import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function logsTests(ui: () => Ui): void {
  test("logs: from a run to its lines, one in detail, and what is written meanwhile comes by itself", async () => {
    const { tasks } = await ui().api("GET", "/api/v1/tasks?status=complete&limit=1");
    await using opened = await ui().openPage(`/tasks/${tasks[0].id}`);
    const { page } = opened;
    await page.getByRole("link", { name: "Log lines" }).click();
    const log = page.getByRole("region", { name: "The server's log" });
    await log.getByText("answered in").first().waitFor();
    expect(new URL(page.url()).searchParams.get("correlation_id")).toBe(tasks[0].correlation_id);
    await log.focus();
    await page.keyboard.press("ArrowUp");
    await page.getByText(`"task_id": "${tasks[0].id}"`).waitFor();
    expect(await opened.accessibility()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await log.getByText("Telegram").first().waitFor();
    await page.getByRole("combobox", { name: "Level" }).click();
    await page.getByRole("option", { name: "Warnings and errors" }).click();
    await log.getByText("Telegram").first().waitFor({ state: "detached" });

    // Pausing keeps what is on the screen; following shows what has come.
    await page.getByRole("button", { name: "Pause" }).click();
    const report = (message: string) =>
      ui().api("POST", "/api/v1/browser-errors", { kind: "error", message, stack: "", page: "/logs" });
    await report("first-of-the-test");
    await page.getByRole("button", { name: /^Follow, \d+ new line/ }).click();
    await log.getByText("first-of-the-test").waitFor();
    await page.getByLabel("Text").fill("second-of-the-test");
    await page.getByText("No line that is kept matches these filters").waitFor();
    await report("second-of-the-test");
    await log.getByText("second-of-the-test").waitFor();
    expect(opened.faults).toEqual([]);
  });
}
