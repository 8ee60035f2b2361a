import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

export function schedulesTests(ui: () => Ui): void {
  test("schedules: one is made with a preview, run by hand, paused and deleted", async () => {
    await using opened = await ui().openPage("/schedules");
    const { page } = opened;
    await page.getByRole("link", { name: "New schedule" }).click();
    await page.getByLabel("Name").fill("Evening round");
    await page.getByRole("combobox", { name: "Channel" }).click();
    await page.getByRole("option", { name: /weavers of the northern shed/ }).click();
    await page.getByLabel("Message").fill("Are all looms off?");
    await page.getByLabel("Cron expression").fill("0 25 * * *");
    await page.getByText(/must have five fields/).waitFor();
    await page.getByLabel("Cron expression").fill("30 21 * * *");
    const times = page.getByRole("list", { name: "Next times" });
    await times.getByText(/21:30/).first().waitFor();
    expect(await times.locator("li").count()).toBe(5);
    await page.getByRole("button", { name: "Create schedule" }).click();
    await page.getByRole("heading", { name: "Evening round" }).waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Quiet from").fill("21:00");
    await page.getByLabel("Quiet until").fill("06:00");
    await page.getByRole("button", { name: "Save schedule" }).click();
    await page
      .getByText(/so that nothing would be sent/)
      .first()
      .waitFor();
    await page.getByLabel("Quiet from").fill("22:00");
    await page.getByRole("combobox", { name: "If an earlier run is in progress" }).click();
    await page.getByRole("option", { name: "The next time waits for its turn" }).click();
    await page.getByRole("combobox", { name: "Only if this tool finds something new" }).click();
    await page.getByRole("option", { name: "search_documents" }).click();
    await page.getByLabel("Its arguments").fill('{"query": "looms"}');
    await page.getByRole("button", { name: "Save schedule" }).click();
    await page.getByText("From 22:00 to 06:00").waitFor();
    const [edited] = (await ui().api("GET", "/api/v1/schedules?limit=1")).schedules;
    expect(edited).toMatchObject({
      overlap: "queue",
      pre_check: { tool: "search_documents", arguments: { query: "looms" } },
      timing: { kind: "cron", cron: "30 21 * * *" },
    });
    await page.getByRole("button", { name: "Run now" }).click();
    await page.getByText("Run by hand").waitFor();
    // The end of the run has the page read the schedule again, which must not meet its deletion.
    await page.getByText("Complete", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    const { schedules } = await ui().api("GET", "/api/v1/schedules?enabled=false");
    expect(schedules).toMatchObject([{ name: "Evening round", next_at: null }]);
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete schedule" }).click();
    await page.getByText("The schedule is deleted.").waitFor();
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });

  test("heartbeats: one is set up in a channel's settings, run, and found by the palette", async () => {
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=team:weavers");
    await using opened = await ui().openPage(`/channels/${channels[0].id}?tab=settings`);
    const { page } = opened;
    await page.getByRole("button", { name: "Set up a heartbeat" }).click();
    await page.getByLabel("Minutes between two heartbeats").fill("30");
    await page.getByRole("combobox", { name: "What is posted" }).click();
    await page.getByRole("option", { name: "Only what the bot decides to post" }).click();
    await page.getByRole("button", { name: "Save heartbeat" }).click();
    await page.getByText(/Every 30 minutes, posting only what the bot decides to/).waitFor();
    await page.getByRole("button", { name: "Run now" }).click();
    await page.getByText("The heartbeat runs.").waitFor();
    await page.keyboard.press("Control+k");
    await page.locator("input[placeholder^='Go to a page']:focus").waitFor();
    await page.keyboard.type("Heartbeat");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Heartbeat/ })
      .waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Heartbeat" }).waitFor();
    await ui().api("DELETE", `/api/v1/admin/channels/${channels[0].id}/heartbeat`);
    expect(opened.faults.filter((one) => !one.includes("404"))).toEqual([]);
  });
}
