// What somebody else saves while a form is open: it is shown, nothing that was typed is lost, and nothing is overwritten without a word.

import { expect, test } from "bun:test";
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
    await text.fill((await text.inputValue()).replace("description: Mine", "description: Mine again"));
    await ui().api("PATCH", at, { description: "Theirs" });
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByText("You have changed it, too").waitFor();
    await page.getByRole("button", { name: "Take theirs" }).click();
    expect(await text.inputValue()).toContain("description: Theirs");
    await page.getByRole("button", { name: "Save bot" }).click();
    await text.waitFor({ state: "detached" });
    expect(await ui().api("GET", at)).toMatchObject({ description: "Theirs" });
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
    await page.goto(`${ui().url}/channels/${id}?tab=settings`);
    const prompt = page.getByRole("textbox", { name: "Prompt" });
    await prompt.fill("Mine");
    await ui().api("PATCH", `/api/v1/channels/${id}`, { prompt: "Theirs", workspace: false });
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await page.getByRole("button", { name: "Take theirs" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).waitFor();
    expect(await prompt.inputValue()).toBe("Theirs");
    expect(await ui().api("GET", `/api/v1/channels/${id}`)).toMatchObject({ prompt: "Theirs" });
    await ui().api("DELETE", `/api/v1/channels/${id}`);
    expect(own(opened.faults)).toEqual([]);
  });
}
