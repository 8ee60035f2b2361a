// What somebody else saves while a form is open: it is shown, nothing that was typed is lost, and nothing is overwritten without a word.

import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

/** The browser itself notes the refused requests, and that nobody answers at the provider's address. */
const own = (faults: string[]): string[] => faults.filter((one) => !/status of (412|502)/.test(one));

export function meanwhileTests(ui: () => Ui): void {
  test("meanwhile: a bot that was changed while its text was open keeps both changes, or the one that is chosen", async () => {
    const bot = { id: "twice-changed", name: "Twice changed", system_prompt: "You weave.\nYou mend." };
    await ui().api("POST", "/api/v1/bots", bot);
    const at = `/api/v1/bots/${bot.id}`;
    await using opened = await ui().openPage(`/bots/${bot.id}`);
    const { page } = opened;
    await page.getByRole("button", { name: "Edit" }).click();
    const text = page.getByRole("textbox", { name: "The bot as YAML" });
    const yaml = await text.inputValue();
    await text.fill(yaml.replace('description: ""', "description: Mine"));
    await ui().api("PATCH", at, { system_prompt: "You weave.\nYou mend at night." });
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByText("Somebody else has changed this meanwhile.").waitFor();
    await page.getByText("+You mend at night.").waitFor();
    expect(await opened.accessibility()).toEqual([]);
    expect(await ui().api("GET", at)).toMatchObject({ description: "" });
    expect(await text.inputValue()).toContain("description: Mine");
    await page.getByRole("button", { name: "Save both" }).click();
    await page.getByText(/^Stored/).waitFor();
    const both = { description: "Mine", system_prompt: "You weave.\nYou mend at night." };
    expect(await ui().api("GET", at)).toMatchObject(both);

    await page.getByRole("button", { name: "Edit" }).click();
    const again = (await text.inputValue()).replace("description: Mine", "description: Mine again");
    await text.fill(again.replace("max_iterations: null", "max_iterations: 7"));
    await ui().api("PATCH", at, { description: "Theirs" });
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByText("You have changed it, too").waitFor();
    await page.getByRole("button", { name: "Take theirs" }).click();
    expect(await text.inputValue()).toContain("description: Theirs");
    expect(await text.inputValue()).toContain("max_iterations: 7");
    await page.getByRole("button", { name: "Save bot" }).click();
    await text.waitFor({ state: "detached" });
    expect(await ui().api("GET", at)).toMatchObject({ description: "Theirs", max_iterations: 7 });
    await ui().api("DELETE", at);
    expect(own(opened.faults)).toEqual([]);
  });

  test("meanwhile: a form's fields and a channel's settings are not overwritten either", async () => {
    const endpoint = {
      ...{ adapter: "chat_completions", base_url: "http://127.0.0.1:9/v1", default_model: "m" },
    };
    await ui().api("POST", "/api/v1/admin/providers", { id: "twice", name: "Twice", ...endpoint });
    await using opened = await ui().openPage("/admin/providers/twice");
    const { page } = opened;
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Mine");
    await ui().api("PATCH", "/api/v1/admin/providers/twice", { name: "Theirs", default_model: "theirs" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Save mine" }).click();
    await page.getByText(/^Stored/).waitFor();
    expect(await ui().api("GET", "/api/v1/admin/providers/twice")).toMatchObject({
      ...{ name: "Mine", default_model: "theirs" },
    });
    await ui().api("DELETE", "/api/v1/admin/providers/twice");

    const made = { client_id: "web:twice", name: "Twice" };
    const { id } = await ui().api("POST", "/api/v1/channels", made);
    await opened.go(`/channels/${id}?tab=settings`);
    const prompt = page.getByRole("textbox", { name: "Prompt" });
    await prompt.fill("Mine");
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Only mine");
    await ui().api("PATCH", `/api/v1/channels/${id}`, { prompt: "Theirs", workspace: false });
    await page.getByRole("button", { name: "Save 2 changes" }).click();
    await page.getByRole("button", { name: "Take theirs" }).click();
    await page.getByRole("button", { name: "Save 1 change" }).waitFor();
    expect(await prompt.inputValue()).toBe("Theirs");
    expect(await ui().api("GET", `/api/v1/channels/${id}`)).toMatchObject({ prompt: "Theirs" });
    expect(own(opened.faults)).toEqual([]);
    await ui().api("DELETE", `/api/v1/channels/${id}`);
  });

  test("meanwhile: settings, endpoints, names, templates and tasks are not overwritten either", async () => {
    const { api, openPage } = ui();
    await using opened = await openPage("/admin/integrations/loom?tab=settings");
    const { page } = opened;
    const keep = async (button: string) => {
      await page.getByText("Somebody else has changed this meanwhile.").waitFor();
      await page.getByRole("button", { name: button }).click();
    };
    const settings = "/api/v1/admin/integrations/loom/settings";
    const threads = page.getByRole("textbox", { name: "LOOM_THREADS" });
    await threads.fill("401");
    await api("PUT", settings, { settings: { LOOM_SHED: "southern" } });
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await keep("Save both");
    await page.getByText("Stored. It takes effect at once.").waitFor();
    const stored = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await api("GET", settings)).settings.map(({ key, value }: Record<string, string>) => [key, value]),
      );
    expect(await stored()).toMatchObject({ LOOM_THREADS: "401", LOOM_SHED: "southern" });
    // A reset is of one setting alone: what was typed for another stays.
    await threads.fill("402");
    // The same one was changed by somebody else.
    await api("PUT", settings, { settings: { LOOM_SHED: "western" } });
    await page.getByRole("button", { name: "Reset" }).last().click();
    await keep("Take theirs");
    const shed = page.getByRole("textbox", { name: "LOOM_SHED" });
    await until(
      () => shed.inputValue(),
      (value) => value === "western",
    );
    expect(await threads.inputValue()).toBe("402");
    await page.getByRole("button", { name: "Reset" }).last().click();
    await page.getByText("LOOM_SHED was reset.").waitFor();
    expect(await threads.inputValue()).toBe("402");
    await page.getByRole("button", { name: "Save 1 change" }).click();
    // What the page says of the first one may still be there.
    await until(stored, ({ LOOM_THREADS }) => LOOM_THREADS === "402");
    expect((await stored()).LOOM_SHED).toBe("north");
    await api("PUT", settings, { settings: { LOOM_THREADS: null } });

    const endpoint = "/integrations/webhook/endpoints/alerts";
    await opened.go("/admin/integrations/webhook?tab=endpoints&endpoint=alerts");
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const told = page.getByLabel("What the bot is told");
    const before = await told.inputValue();
    await told.fill("Mine: {{.}}");
    await api("PATCH", endpoint, { prompt_template: "Theirs: {{.}}" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await keep("Take theirs");
    expect(await told.inputValue()).toBe("Theirs: {{.}}");
    // A secret that the same person adds beside the form is nobody else's change.
    await told.fill(before);
    await page.getByLabel("Another secret").fill("a-second-secret-of-alertmanager");
    await page.getByRole("button", { name: "Add the secret" }).click();
    await page.getByText("Secret 2").waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await told.waitFor({ state: "detached" });
    expect(await api("GET", endpoint)).toMatchObject({ prompt_template: before });

    const made = { client_id: "web:named-twice", name: "Named twice", bot_id: "default" };
    const channel = await api("POST", "/api/v1/channels", made);
    const at = `/api/v1/channels/${channel.id}`;
    const body = { client_id: "web:named-twice", bot_id: "default" };
    const { session_id } = await api("POST", "/api/v1/sessions", body);
    await opened.go(`/chat/${session_id}`);
    await page.getByRole("button", { name: "More about this conversation" }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    const name = page.getByRole("dialog").getByRole("textbox", { name: "Name" });
    await name.fill("Mine");
    await api("PATCH", at, { name: "Theirs" });
    await page.getByRole("button", { name: "Rename" }).click();
    await keep("Save mine");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await api("GET", at)).toMatchObject({ name: "Mine" });

    await opened.go(`/channels/${channel.id}?tab=capabilities`);
    const template = page.getByRole("combobox", { name: "The channel's template" });
    await template.waitFor();
    await api("PATCH", at, { workspace: false });
    await template.click();
    await page.getByRole("option", { name: /software-project/ }).click();
    // What somebody else has changed is not part of the choice, so that nothing is asked and nothing lost.
    await page.getByText("Its template is software-project.").waitFor();
    expect(await api("GET", at)).toMatchObject({ template_id: "software-project", workspace: false });

    const { columns } = await api("GET", "/integrations/mission_control/kanban");
    const { id } = columns[0].cards[0];
    await opened.go(`/mission-control/board?card=${id}`);
    // Not before: the channel's own page would ask for it again.
    await api("DELETE", at);
    const assigned = page.getByRole("dialog").getByRole("textbox", { name: "Assigned to" });
    const was = await assigned.inputValue();
    await assigned.fill("Mine");
    await api("PATCH", "/integrations/mission_control/kanban/update", { card_id: id, tags: ["theirs"] });
    await page.getByRole("button", { name: "Save task" }).click();
    await keep("Save both");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const after = (await api("GET", "/integrations/mission_control/kanban")).columns[0].cards[0];
    expect(after).toMatchObject({ assigned: "Mine", tags: ["theirs"] });
    await api("PATCH", "/integrations/mission_control/kanban/update", {
      ...{ card_id: id, assigned: was || null, tags: columns[0].cards[0].tags },
    });
    expect(own(opened.faults)).toEqual([]);
  });
}
