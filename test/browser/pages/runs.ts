import { expect, test } from "bun:test";
import { createFakeGitHub } from "../../github/fake-github.ts";
import { until } from "../../until.ts";
import { startFakeModel } from "../fake-model.ts";
import { STATIC_KEY, type Ui } from "../ui.ts";

export function runsTests(ui: () => Ui): void {
  test("runs: a run's steps are true to time, keys move between them, and the selected one is in the address", async () => {
    await using opened = await ui().openPage("/tasks?bot_id=default");
    const { page } = opened;
    await page.getByRole("listitem").first().getByRole("link").click();
    await page.getByRole("heading", { name: "Run of default" }).waitFor();
    expect(new URL(page.url()).search).toBe("?bot_id=default");
    const steps = page.getByRole("region", { name: "Steps of the run" });
    await steps.getByRole("button", { name: /Waited in the queue/ }).click();
    await page.keyboard.press("ArrowDown");
    const chosen = await steps.locator("[aria-current]").getAttribute("data-span");
    expect(page.url()).toContain(`/${chosen}`);
    await page.reload();
    await page.getByRole("button", { name: "Close details" }).click();
    await page.getByRole("region", { name: "Message and answer" }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("runs: one runs again, with another message", async () => {
    await using opened = await ui().openPage("/tasks");
    const { page } = opened;
    await page.getByRole("listitem").first().getByRole("link").click();
    const before = page.url();
    await page.getByRole("button", { name: "Edit and run" }).click();
    await page.getByLabel("Message", { exact: true }).fill("Something else altogether");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL((url) => url.href !== before);
    await page
      .getByRole("region", { name: "Message and answer" })
      .getByText("Something else altogether")
      .waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("runs: one that goes on grows by itself, tells by parts what its model was sent, and is copied as curl", async () => {
    await using model = await startFakeModel(ui().api);
    const { session_id } = await ui().api("POST", "/api/v1/sessions", {
      client_id: "web:growing",
      bot_id: "spinner",
    });
    const ask = (message: string) =>
      ui().api("POST", "/api/v1/chat", { session_id, message, timeout_seconds: 0 });
    const { task_id } = await ask("Please look it up, and then wait for it");
    await using opened = await ui().openPage(`/tasks/${task_id}`);
    const { page } = opened;
    await page.getByText("Running", { exact: true }).first().waitFor();
    const steps = page.getByRole("region", { name: "Steps of the run" });
    await steps.getByRole("button", { name: /search_documents/ }).waitFor();
    await until(() => JSON.stringify(model.last() ?? "").includes('"role":"tool"'));
    model.release();
    await page.getByText("Complete", { exact: true }).first().waitFor();
    await page.getByRole("heading", { name: "Answer", exact: true }).waitFor();
    await steps
      .getByRole("button", { name: /^Model/ })
      .last()
      .click();
    await page.getByText("the cached beginning ends here").waitFor();
    for (const part of ["tools", "base prompt", "bot prompt", "message", "steps"]) {
      await page.getByRole("row", { name: new RegExp(`^${part}`) }).waitFor();
    }

    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy as a curl command" }).click();
    const command = await until(() => page.evaluate<string>("navigator.clipboard.readText()"));
    await page.context().clearPermissions();
    const curl = Bun.spawn(["sh", "-c", `${command} -sS`], {
      env: { ...process.env, HEDDLE_API_KEY: STATIC_KEY },
    });
    expect(JSON.parse(await new Response(curl.stdout).text())).toMatchObject({ task_id: expect.any(String) });

    // All that match are cancelled, after their count was told.
    await opened.go("/tasks?bot_id=spinner&status=running");
    await page.getByRole("listitem").first().getByRole("link").waitFor();
    await page.getByRole("button", { name: "Cancel matching" }).click();
    const dialog = page.getByRole("dialog", { name: "1 run will be cancelled" });
    await dialog.getByRole("button", { name: "Cancel matching" }).click();
    await page.getByText("1 run cancelled.").waitFor();
    await page.getByText("No run matches these filters").waitFor();
    // Lists of channels have the others in view again.
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=web:growing");
    await ui().api("DELETE", `/api/v1/channels/${channels[0].id}`);
    expect(opened.faults).toEqual([]);
  });

  test("runs: one becomes a fixture, from its page and from its webhook", async () => {
    for (const path of ["/tasks", "/inbox?verdict=accepted"]) {
      await using opened = await ui().openPage(path);
      const { page } = opened;
      await page.getByRole("listitem").last().getByRole("link").click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Make this a fixture" }).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(/^[a-z0-9-]+\.yaml$/);
      await page.getByText(/say in it what you expect/).waitFor();
      expect(opened.faults).toEqual([]);
    }
  });

  test("deliveries: the filters are in the address, and redelivering counts first", async () => {
    await using opened = await ui().openPage("/deliveries?status=dead");
    const { page } = opened;
    await page.getByRole("button", { name: "Redeliver dead letters" }).click();
    await page.getByRole("dialog").getByRole("heading").waitFor();
    await page.keyboard.press("Escape");
    expect(opened.faults).toEqual([]);
  });

  test("deliveries: from a dead letter on the overview to its run, and delivered once its cause is mended", async () => {
    const github = createFakeGitHub();
    const set = (settings: object) =>
      ui().api("PUT", "/api/v1/admin/integrations/github/settings", { settings });
    await using opened = await ui().openPage("/");
    const { page } = opened;
    const repair = page.getByRole("listitem").filter({ hasText: "could not be delivered by github" });
    await repair.getByRole("link", { name: "See dead letters" }).click();
    await page
      .getByRole("list", { name: "List of deliveries" })
      .getByRole("link", { name: /github/ })
      .last()
      .click();
    await page.getByRole("link", { name: "the run that wrote it" }).click();
    const answer = page.getByRole("region", { name: "Message and answer" });
    await answer.getByRole("link", { name: /Dead letter.*Delivery to github/ }).waitFor();
    await page.getByRole("button", { name: /^Delivery to github/ }).click();
    await set({ GITHUB_TOKEN: "ghp_of_the_dead_letters", GITHUB_API_URL: github.url });
    await page.getByRole("button", { name: "Redeliver" }).click();
    // It follows by itself.
    await page.getByRole("article").getByText("Delivered", { exact: true }).waitFor();
    expect(github.comments.length).toBe(1);
    await page.getByRole("button", { name: "Close details" }).click();
    await answer.getByRole("link", { name: /Delivered.*Delivery to github/ }).waitFor();
    await set({ GITHUB_TOKEN: null, GITHUB_API_URL: null });
    await github.close();
    expect(opened.faults).toEqual([]);
  });

  test("deliveries: what was posted is corrected and withdrawn, where the service can", async () => {
    await using opened = await ui().openPage("/deliveries?dispatch_type=loom");
    const { page } = opened;
    await page.getByRole("listitem").last().getByRole("link").click();
    const detail = page.getByRole("article");
    const dialog = page.getByRole("dialog");
    await detail.getByRole("button", { name: "Correct …" }).click();
    await dialog.getByLabel("Text").waitFor();
    expect(await opened.accessibility()).toEqual([]);
    await dialog.getByLabel("Text").fill("The shop is shut on Sundays.");
    await dialog.getByRole("button", { name: "Correct" }).click();
    await dialog.waitFor({ state: "detached" });
    await detail.getByRole("link", { name: "Corrected to “The shop is shut on Sundays.”" }).waitFor();
    // What is there now is where a further correction begins.
    await detail.getByRole("button", { name: "Correct …" }).click();
    expect(await dialog.getByLabel("Text").inputValue()).toBe("The shop is shut on Sundays.");
    await page.keyboard.press("Escape");
    await detail.getByRole("button", { name: "Withdraw …" }).click();
    await dialog.getByRole("button", { name: "Withdraw" }).click();
    await detail.getByRole("link", { name: "Withdrawn" }).waitFor();
    expect(await detail.getByRole("button", { name: /Correct|Withdraw/ }).count()).toBe(0);
    expect(opened.faults).toEqual([]);
  });
}
