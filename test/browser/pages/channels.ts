import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function channelsTests(ui: () => Ui): void {
  test("channels: one is made, bound with a filter of events, changed and unbound", async () => {
    await using opened = await ui().openPage("/channels");
    const { page } = opened;
    await page.getByRole("button", { name: "New channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Place").fill("team:dyers");
    await dialog.getByLabel("Name").fill("Dyers");
    await dialog.getByRole("button", { name: "Create channel" }).click();
    await page.getByRole("heading", { name: "Dyers", level: 1 }).waitFor();
    await page.getByRole("tab", { name: "Bindings" }).click();
    await page.getByRole("button", { name: "Add a binding" }).click();
    // What the API refuses is shown in its words.
    await dialog.getByRole("combobox", { name: "Integration" }).click();
    await page.getByRole("option", { name: "GitHub" }).click();
    await dialog.getByLabel("Place").fill("octo-org/indigo");
    await dialog.getByText("Only these").click();
    await dialog.getByLabel("Pull requests", { exact: true }).check();
    await dialog.getByLabel("Pushes").check();
    await dialog.getByRole("button", { name: "Bind" }).click();
    await dialog
      .getByRole("alert")
      .getByText(/client_id must begin with "github:"/)
      .waitFor();
    await dialog.getByLabel("Place").fill("github:octo-org/indigo");
    await dialog.getByRole("button", { name: "Bind" }).click();
    await dialog.waitFor({ state: "detached" });
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=team:dyers");
    const bindings = async () =>
      (await ui().api("GET", `/api/v1/channels/${channels[0].id}/integrations`)).bindings;
    const [made] = await bindings();
    expect(made).toMatchObject({ event_filter: ["pull_request", "push"], mirror: true });

    await page.getByRole("button", { name: "Change" }).click();
    await dialog.getByLabel("Pushes").uncheck();
    await dialog.getByLabel("Post there what is said here").uncheck();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("Is not posted there").waitFor();
    expect(await bindings()).toEqual([
      expect.objectContaining({ id: made.id, event_filter: ["pull_request"], mirror: false }),
    ]);
    // To another channel and back, as one binding.
    const weavers = (await ui().api("GET", "/api/v1/channels?client_id=team:weavers")).channels[0];
    await page.getByRole("button", { name: "Move …", exact: true }).click();
    await dialog.getByRole("combobox", { name: "Channel" }).fill("weavers");
    await page.getByRole("option", { name: weavers.display_name }).click();
    await dialog.getByRole("button", { name: "Move", exact: true }).click();
    await page.getByText("Bound to no further place").waitFor();
    await ui().api("POST", `/api/v1/channels/${weavers.id}/integrations/${made.id}/adopt`, {
      target_channel_id: channels[0].id,
    });
    await page.reload();
    await page.getByRole("button", { name: "Remove …" }).click();
    await dialog.getByRole("button", { name: "Remove the binding" }).click();
    await page.getByText("Bound to no further place").waitFor();
    expect(await bindings()).toEqual([]);
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });

  test("channels: a changed setting is stored, and nobody else's is overwritten", async () => {
    await using opened = await ui().openPage("/channels?q=team:weavers");
    const { page } = opened;
    await page.getByRole("listitem").getByRole("link").click();
    await page.getByRole("tab", { name: "Settings" }).click();
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=team:weavers");
    await ui().api("PATCH", `/api/v1/channels/${channels[0].id}`, { max_iterations: 7 });
    await page.getByLabel("Prompt").fill("Answer in one sentence.");
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await page.getByRole("alert").getByText("Somebody else has changed this meanwhile").waitFor();
    await page.getByRole("button", { name: "Save both" }).click();
    await page.getByText("It applies from the next run on").waitFor();
    await until(
      () => ui().api("GET", `/api/v1/channels/${channels[0].id}`),
      ({ prompt, max_iterations }) => prompt === "Answer in one sentence." && max_iterations === 7,
    );
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("412"))).toEqual([]);
  });
}
