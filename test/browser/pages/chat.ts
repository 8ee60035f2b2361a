import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { until } from "../../until.ts";
import { startFakeModel } from "../fake-model.ts";
import type { Ui } from "../ui.ts";

const field = (page: Page) => page.getByRole("textbox", { name: "Message" });

/** Begins a conversation with the spinner and returns its address. */
async function begin(page: Page, text: string): Promise<string> {
  await page.getByRole("link", { name: "New chat" }).first().click();
  await page.waitForURL(/\/chat\/new$/);
  await page.getByRole("combobox", { name: "Bot" }).click();
  await page.getByRole("option", { name: "Spinner" }).click();
  await field(page).fill(text);
  await field(page).press("Enter");
  await page.waitForURL(/\/chat\/[0-9a-f-]{36}$/);
  return page.url();
}

export function chatTests(ui: () => Ui): void {
  test("chat: of a list of conversations that is longer than the screen, only the list scrolls", async () => {
    await using opened = await ui().openPage("/chat", { height: 420 });
    const { page } = opened;
    // "unread", which only screen readers find, is placed absolutely.
    await page.getByRole("region", { name: "Conversations" }).getByText("unread").last().waitFor({
      state: "attached",
    });
    const scrolls = `[...document.querySelectorAll("main, html, section[aria-label=Conversations] ul")]
      .map(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight)`;
    expect(await page.evaluate(scrolls)).toEqual([false, false, true]);
    expect(opened.faults).toEqual([]);
  });

  test("chat: what is written before the bots are known stays in the field", async () => {
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    await page.route(/api\/v1\/bots/, (route) => route.abort());
    await opened.go("/chat/new");
    await field(page).fill("Do not lose this");
    await field(page).press("Enter");
    expect(await field(page).inputValue()).toBe("Do not lose this");
    await field(page).fill("");
  });

  test("chat: an answer is streamed and formatted, with its tools folded; it is the same after a reload", async () => {
    await using model = await startFakeModel(ui().api);
    await using opened = await ui().openPage("/chat");
    const { page } = opened;
    await begin(page, "Please wait for it");
    await page.getByRole("heading", { name: "Please wait for it", level: 1 }).waitFor();
    // It is there before the model has finished.
    await page.getByText("I begin, and then I wait.").waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    model.release();
    await page.getByRole("cell", { name: "61 newtons" }).waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });

    await field(page).fill("Now look it up");
    await page.getByRole("button", { name: "Send" }).click();
    const call = page.locator("details", { hasText: "search_documents" });
    await call.getByText("Done").waitFor({ state: "attached" });
    await page.getByRole("link", { name: "Run" }).nth(1).waitFor();
    await page.reload();
    await page.getByText("Let me look.").waitFor();
    await call.locator("summary").click();
    await call.getByLabel("result").getByText("opens at ten").waitFor();
    // The library for Markdown has to come first.
    for (const part of [
      page.getByRole("cell", { name: "61 newtons" }),
      page.getByRole("button", { name: "Copy code" }),
    ]) {
      await until(
        () => part.count(),
        (count) => count === 2,
      );
    }
    expect(await opened.accessibility()).toEqual([]);
    expect(opened.faults).toEqual([]);
  });

  test("chat: a tool that takes long says how far it is, also on the page of its run", async () => {
    await using _model = await startFakeModel(ui().api);
    await using opened = await ui().openPage("/chat");
    const { page } = opened;
    await begin(page, "Please wind the spools");
    const call = page.locator("details", { hasText: "loom_wind" });
    await call.getByText("3 of 8 spools are wound").waitFor();
    await call.getByRole("progressbar", { name: "How far the call is" }).waitFor();
    expect(await opened.accessibility()).toEqual([]);
    const { tasks } = await ui().api("GET", "/api/v1/tasks?bot_id=spinner&status=running");
    await opened.go(`/tasks/${tasks[0].id}`);
    await page.getByRole("button", { name: /loom_wind.*3 of 8 spools are wound/ }).waitFor();
    expect(await opened.accessibility()).toEqual([]);
    await ui().api("POST", `/api/v1/tasks/${tasks[0].id}/cancel`);
    await page.getByText("Cancelled").first().waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("chat: another conversation opens while a run goes; drafts stay, and what is unread is marked", async () => {
    await using model = await startFakeModel(ui().api);
    await using opened = await ui().openPage("/chat");
    const { page } = opened;
    const first = await begin(page, "First, wait for it");
    await page.getByText("I begin, and then I wait.").waitFor();
    await field(page).fill("not sent yet");
    const second = await begin(page, "Second question");
    await page.getByRole("cell", { name: "61 newtons" }).waitFor();
    const list = page.getByRole("region", { name: "Conversations" });
    const row = list.getByRole("link", { name: /First, wait for it/ });
    await row.getByText("Draft").waitFor();
    await row.getByLabel("A run is in progress").waitFor();
    model.release();
    await row.getByText("1 unread").waitFor();
    await row.click();
    expect(page.url()).toBe(first);
    await page.getByRole("cell", { name: "61 newtons" }).waitFor();
    expect(await field(page).inputValue()).toBe("not sent yet");
    await row.getByText("1 unread").waitFor({ state: "detached" });
    await page.keyboard.press("Alt+ArrowDown");
    await page.waitForURL(second);
    expect(opened.faults).toEqual([]);
  });

  test("chat: Escape stops a run, a message can replace it, and a failed one is tried again in its place", async () => {
    await using model = await startFakeModel(ui().api);
    await using opened = await ui().openPage("/chat");
    const { page } = opened;
    await begin(page, "Here you wait for it");
    await page.getByText("I begin, and then I wait.").waitFor();
    await field(page).press("Escape");
    await page.getByText("Stopped.").waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });

    await field(page).fill("Once more, wait for it");
    await field(page).press("Enter");
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await page.getByRole("button", { name: /While it answers/ }).click();
    await page.getByRole("menuitem", { name: /Stop the run for it/ }).click();
    await field(page).fill("Another thing instead");
    await field(page).press("Enter");
    await page.getByRole("cell", { name: "61 newtons" }).waitFor();
    await until(
      () => page.getByText("Stopped.").count(),
      (count) => count === 2,
    );

    await field(page).fill("Now fail");
    await field(page).press("Enter");
    const alert = page.getByRole("alert");
    await alert.getByText("The loom of the model is broken").waitFor();
    await alert.getByRole("button", { name: "Try again" }).click();
    await until(
      () => alert.count(),
      (count) => count === 2,
    );
    expect(model.last()).toBeDefined();
    expect(opened.faults).toEqual([]);
  });

  test("chat: a file goes with its message and is there again; what is refused is shown where it is", async () => {
    await using model = await startFakeModel(ui().api);
    await using opened = await ui().openPage("/chat");
    const { page } = opened;
    await begin(page, "What is in the file?");
    await page.getByRole("cell", { name: "61 newtons" }).waitFor();
    await page.getByLabel("Files to attach").setInputFiles({
      name: "tension.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("Loom seven: 38 newtons"),
    });
    await drop(page, { name: "note.txt", type: "text/plain", base64: btoa("Loom nine stands") });
    await paste(page, DOT.toString("base64"));
    const chosen = page.getByRole("list", { name: "Attached files" }).last();
    for (const name of ["tension.txt", "note.txt", "image.png"]) await chosen.getByText(name).waitFor();
    await field(page).press("Enter");
    await page.getByRole("link", { name: /tension.txt/ }).waitFor();
    await until(
      () => page.getByRole("cell", { name: "61 newtons" }).count(),
      (count) => count === 2,
    );
    for (const text of ["Loom seven: 38 newtons", "Loom nine stands"])
      expect(JSON.stringify(model.last())).toContain(text);
    await page.reload();
    const picture = page.getByRole("img", { name: "image.png" });
    await until(() =>
      picture.evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth === 1),
    );

    await page
      .getByLabel("Files to attach")
      .setInputFiles({ name: "data.bin", mimeType: "", buffer: Buffer.from([0, 1, 2, 255, 254, 0]) });
    await field(page).fill("And this?");
    await field(page).press("Enter");
    await page
      .getByRole("alert")
      .getByText(/data.bin|attachments/)
      .waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    expect(await field(page).inputValue()).toBe("And this?");
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });

  test("chat: each conversation keeps the place to which one has scrolled", async () => {
    const { api } = ui();
    const begun = async (name: string): Promise<string> => {
      const place = { client_id: `web:scrolled-${name}`, bot_id: "default" };
      await api("POST", "/api/v1/channels", { ...place, name: `Scrolled ${name}` });
      const { session_id } = await api("POST", "/api/v1/sessions", place);
      // Long messages are folded, so there have to be some.
      const words = "A line of many words. ".repeat(20);
      for (let nth = 1; nth <= 12; nth++) {
        await api("POST", `/api/v1/sessions/${session_id}/messages`, { content: `${words}${name} ${nth}` });
      }
      return session_id;
    };
    const [one, two] = [await begun("one"), await begun("two")];
    await using opened = await ui().openPage(`/chat/${one}`);
    const { page } = opened;
    const scroller = page.getByLabel("Messages", { exact: true });
    const place = () =>
      scroller.evaluate((box) => ({
        top: box.scrollTop,
        rest: box.scrollHeight - box.clientHeight - box.scrollTop,
      }));
    await until(place, ({ rest, top }) => rest < 25 && top > 600);
    await scroller.hover();
    await page.mouse.wheel(0, -600);
    const { top } = await until(place, ({ rest }) => rest > 590);
    await page.locator(`a[href="/chat/${two}"]`).click();
    await until(place, ({ rest }) => rest < 25);
    await page.locator(`a[href="/chat/${one}"]`).click();
    await until(place, (now) => now.top === top);
    expect(opened.faults).toEqual([]);
  });

  test("chat: files that a bot sends are shown, and from delegated work one gets to its run and back", async () => {
    await using _model = await startFakeModel(ui().api);
    const folder = join(ui().home, "workspace", "common");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "heddle.png"), DOT);
    await using opened = await ui().openPage("/chat");
    const { page } = opened;
    const isShown = () =>
      until(() =>
        page
          .getByRole("img", { name: "heddle.png" })
          .evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth === 1),
      );
    await begin(page, "Please send the picture");
    await isShown();
    await page.getByText("A heddle, seen from the side").waitFor();
    await page.getByRole("cell", { name: "61 newtons" }).waitFor();
    await field(page).fill("Now give it away");
    await field(page).press("Enter");
    await page.getByRole("cell", { name: "61 newtons" }).nth(1).waitFor();
    await page.getByRole("link", { name: "Run", exact: true }).first().click();
    await page.getByRole("region", { name: "Message and answer" }).waitFor();
    await isShown();
    await page.goBack();
    await page.getByRole("link", { name: "Run", exact: true }).nth(1).click();
    await page.getByRole("heading", { name: "Run of spinner" }).waitFor();
    const asker = page.url();
    await page.getByRole("button", { name: /Tool delegate_to_agent/ }).click();
    await page.getByRole("link", { name: "The run that does this piece of work" }).click();
    await page.getByRole("heading", { name: "Run of reed" }).waitFor();
    await page.getByRole("link", { name: "The conversation" }).click();
    await page.getByText("Work from Spinner").waitFor();
    await page.getByRole("link", { name: "Its run" }).click();
    await page.waitForURL(asker);
    expect(opened.faults).toEqual([]);
  });
}

/** Drops a file into the field for the message. */
async function drop(page: Page, file: { name: string; type: string; base64: string }): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    `(() => {
      const { name, type, base64 } = ${JSON.stringify(file)};
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], name, { type }));
      return transfer;
    })()`,
  );
  await field(page).dispatchEvent("drop", { dataTransfer });
}

/** Copies an image, as from another program, and pastes it with the keys. */
async function paste(page: Page, base64: string): Promise<void> {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(
    `navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob(
      [Uint8Array.from(atob("${base64}"), (one) => one.charCodeAt(0))], { type: "image/png" }) })])`,
  );
  await field(page).press("Control+v");
}

const DOT = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
