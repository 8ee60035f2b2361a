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

  test("carapaces: a file is made, with what is wrong at its line, changed and deleted", async () => {
    await using opened = await ui().openPage("/carapaces");
    const { page } = opened;
    await page.getByRole("button", { name: "New carapace" }).click();
    await page.getByRole("textbox", { name: "Id", exact: true }).fill("night-shift");
    const editor = page.getByLabel("The file of the carapace");
    await editor.fill("# For the night\nname: Night shift\nlocal_tools: 3\n");
    await page.getByRole("button", { name: "Save carapace" }).click();
    await page.getByRole("button", { name: "Line 3" }).waitFor();
    await editor.fill("# For the night\nname: Night shift\nlocal_tools: [search_documents]\n");
    await page.getByRole("button", { name: "Save carapace" }).click();
    await page.getByRole("heading", { name: "Night shift" }).waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    expect(await editor.inputValue()).toStartWith("# For the night");
    await editor.fill("name: Late shift\n");
    await page.keyboard.press("Control+s");
    await page.getByRole("heading", { name: "Late shift" }).waitFor();
    expect(await ui().api("GET", "/api/v1/carapaces/night-shift")).toMatchObject({
      ...{ source: "home", file: "carapaces/night-shift.yaml", file_text: "name: Late shift\n" },
    });
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete the carapace" }).click();
    await page.waitForURL((url) => url.pathname === "/carapaces");
    const { carapaces } = await ui().api("GET", "/api/v1/carapaces");
    expect(carapaces.map(({ id }: { id: string }) => id)).not.toContain("night-shift");
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });

  test("skills: what somebody else wrote while one edits is not overwritten", async () => {
    const path = "/api/v1/skills/night-watch";
    await ui().api("PUT", path, { text: "First", version: null });
    await using opened = await ui().openPage("/skills/night-watch");
    const { page } = opened;
    await page.getByRole("button", { name: "Edit" }).click();
    const { file_version: version } = await ui().api("GET", path);
    await ui().api("PUT", path, { text: "Somebody else's", version });
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Go to a page").fill("Reload everything");
    const isRead = page.waitForResponse((response) => response.url().endsWith(path));
    await page.getByRole("dialog").getByRole("button", { name: "Reload everything" }).click();
    await isRead;
    await page.getByLabel("The file of the skill").fill("Mine");
    await page.getByRole("button", { name: "Save skill" }).click();
    await page.getByRole("alert").getByText("Somebody else has changed this meanwhile").waitFor();
    expect((await ui().api("GET", path)).file_text).toBe("Somebody else's");
    expect(await page.getByLabel("The file of the skill").inputValue()).toBe("Mine");
    await ui().api("DELETE", path);
  });

  test("bots: one is made and changed as YAML, with what the API refuses at its line, and deleted", async () => {
    await using opened = await ui().openPage("/bots");
    const { page } = opened;
    await page.getByRole("link", { name: "New bot" }).click();
    await page.getByText("What each field means").click();
    await page.getByText("The first system message of each of its runs.").waitFor();
    const editor = page.getByLabel("The bot as YAML");
    await editor.fill("id: dyer\nname: Dyer\nmodel: [\n");
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByText(/The text is not YAML/).waitFor();
    await editor.fill("id: dyer\nname: Dyer\n\nmax_iterations: 0\n");
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByRole("button", { name: "Line 4" }).waitFor();
    await editor.fill("id: dyer\nname: Dyer\nmax_iterations: 7\nskills: [opening-hours]\n");
    await page.keyboard.press("Control+s");
    await page.getByRole("heading", { name: "Dyer", level: 1 }).waitFor();
    await page.getByText("7 calls").waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    // What is taken out of the text is taken from the bot.
    await editor.fill("name: Dyer\ntools: [no_such_tool]\n");
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByRole("list", { name: "What is missing" }).getByText("no_such_tool").waitFor();
    expect(await ui().api("GET", "/api/v1/bots/dyer")).toMatchObject({
      max_iterations: null,
      skills: [],
      tools: ["no_such_tool"],
    });
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByText("It is the bot of no channel.").waitFor();
    await page.getByRole("button", { name: "Delete the bot" }).click();
    await page.getByRole("heading", { name: "Bots", level: 1 }).waitFor();
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });

  test("memories: from the repair to the review, one after the other, until nothing waits", async () => {
    await using opened = await ui().openPage("/");
    const { page } = opened;
    await page.getByRole("link", { name: "Review", exact: true }).click();
    await page.getByRole("listitem").getByText("Whoever asks for the keys").click();
    await page.getByText("It waits because something").waitFor();
    await page.getByRole("button", { name: "Reject" }).click();
    // The next one that waits opens by itself.
    await page.getByRole("article").getByText("weaver\u2019s knot").waitFor();
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByText("Nothing waits for a review").waitFor();
    const { memories } = await ui().api("GET", "/api/v1/memories?bot_id=weaver&limit=2");
    expect(
      memories.map(({ status, applies }: { status: string; applies: boolean }) => [status, applies]),
    ).toEqual([
      ["rejected", false],
      ["accepted", true],
    ]);
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByText("The bot forgets it at once").waitFor();
    await page.getByRole("button", { name: "Keep" }).click();
    expect(opened.faults).toEqual([]);
  });

  test("documents: files and texts are added, found with lane and score, and deleted with what it touches", async () => {
    await using opened = await ui().openPage("/documents");
    const { page } = opened;
    await page.getByRole("link", { name: "Add documents" }).first().click();
    await page.locator("input[type=file]").setInputFiles([
      {
        name: "indigo.md",
        mimeType: "text/markdown",
        buffer: Buffer.from("# Indigo\n\nThe vat is stirred at dawn."),
      },
      { name: "photo.md", mimeType: "text/markdown", buffer: Buffer.from([0xff, 0xd8, 0xff, 0x00]) },
    ]);
    await page.getByText("photo.md is not a text in UTF-8").waitFor();
    await page.getByText("Stored", { exact: true }).waitFor();
    await page.getByLabel("Title").fill("Madder");
    await page.getByRole("textbox", { name: "Text" }).fill("Madder root dyes wool red.");
    await page.getByRole("button", { name: "Add the document" }).click();
    await page.getByRole("heading", { name: "Madder", level: 2 }).waitFor();
    await page.getByLabel("Search", { exact: true }).fill("stirring the vat of indigo");
    await page.waitForURL(/q=stirring/);
    await page.getByRole("list", { name: "List of hits" }).getByText("indigo").first().click();
    await page.getByLabel("passage").getByText("stirred at dawn").waitFor();
    await page.getByRole("definition").getByText("Words and vector").waitFor();
    await page.getByText("Weak", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByText("and no bot finds it any more").waitFor();
    await page.getByRole("button", { name: "Delete the document" }).click();
    await page.getByText("The document was deleted.").waitFor();
    const { documents } = await ui().api("GET", "/api/v1/documents");
    expect(documents.map(({ title }: { title: string }) => title)).toEqual(
      expect.arrayContaining(["Madder", "Opening hours"]),
    );
    expect(documents.some(({ title }: { title: string }) => title === "indigo")).toBe(false);
    expect(opened.faults).toEqual([]);
  });

  test("content: a skill says who has it and how, what is missing is named, a template says what it fits", async () => {
    await using opened = await ui().openPage("/skills?source=home");
    const { page } = opened;
    await page.getByRole("list", { name: "List of skills" }).getByText("Opening hours").click();
    await page.getByText("in the home folder. A change of it").waitFor();
    await page.getByRole("link", { name: /The weaver\s*By search/ }).waitFor();
    await page.getByRole("link", { name: /On call\s*On demand/ }).click();
    await page.getByRole("heading", { name: "On call", level: 2 }).waitFor();
    await page.getByRole("list", { name: "What is missing" }).getByText("pager_call").waitFor();
    await page.getByLabel("carapace as YAML").getByText("id: heddle").waitFor();
    await page.getByRole("link", { name: "triage", exact: true }).click();
    await page.waitForURL(/carapaces\/triage$/);
    await page.getByText("A file with the same name in the home folder replaces it.").waitFor();
    await opened.go("/templates?integration=github");
    await page.getByRole("list", { name: "List of templates" }).getByText("Software project").click();
    await page.getByRole("definition").getByText("Fits", { exact: true }).first().waitFor();
    expect(opened.faults).toEqual([]);
  });
}
