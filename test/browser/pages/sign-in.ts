import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import { STATIC_KEY, type Ui } from "../ui.ts";

export function signInTests(ui: () => Ui): void {
  test("sign-in: a wrong key is refused in the API's words, the right one opens the page that was asked for", async () => {
    await using opened = await ui().openPage("/inbox", { signedIn: false });
    const { page } = opened;
    expect(await opened.accessibility()).toEqual([]);
    await page.getByLabel("API key").fill("hdl_wrong");
    await page.keyboard.press("Enter");
    await page
      .getByRole("alert")
      .getByText(/API key/)
      .waitFor();
    await page.getByLabel("API key").fill("a-static-key-of-the-browser-tests");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    // The browser itself notes the refused request.
    expect(opened.faults.filter((one) => !one.includes("401"))).toEqual([]);
  });

  test("sign-in: one that ends while somebody types loses nothing; the same person goes on, another begins anew", async () => {
    await using opened = await ui().openPage("/bots?add=1", { signedIn: false });
    const { page } = opened;
    const signIn = async (key: string) => {
      await page.getByLabel("API key").fill(key);
      await page.keyboard.press("Enter");
    };
    const end = async () => {
      const { id } = await page.evaluate<{ id: string }>(
        "fetch('/api/v1/sign-in').then((answer) => answer.json())",
      );
      await ui().api("DELETE", `/api/v1/sign-ins/${id}`);
      await page.getByRole("heading", { name: "You were signed out" }).waitFor();
    };
    await signIn(STATIC_KEY);
    const text = page.getByRole("textbox", { name: "YAML" });
    await text.fill("id: typed\nname: Typed\n");
    await end();
    // What is behind is not to be seen.
    expect(await page.evaluate("document.elementFromPoint(640, 20).closest('#main, aside')")).toBeNull();
    await signIn(STATIC_KEY);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await text.inputValue()).toContain("name: Typed");
    await page.getByRole("button", { name: "Save bot" }).click();
    await page.getByRole("heading", { name: "Typed" }).waitFor();

    await page.goto(`${ui().url}/bots?add=1`);
    await text.fill("id: hidden\n");
    const { key } = await ui().api("POST", "/api/v1/api-keys", { name: "Bots", scopes: ["bots:read"] });
    await end();
    await signIn(key);
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "Bots" }).waitFor();
    expect(await page.getByText("id: hidden").count()).toBe(0);
    expect(opened.faults.filter((one) => !one.includes("401"))).toEqual([]);
  });

  test("sign-in: what a key may not do is neither shown nor asked for", async () => {
    const { key } = await ui().api("POST", "/api/v1/api-keys", {
      name: "Reader",
      scopes: [
        "inbox:read",
        "deliveries:read",
        "tasks:read",
        "sessions:read",
        "channels:read",
        "integrations:read",
      ],
    });
    await using opened = await ui().openPage("/inbox", { signedIn: false });
    const { page, faults } = opened;
    await page.getByLabel("API key").fill(key);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
    // The browser notes that nobody was signed in.
    faults.length = 0;
    const [{ id: channel }] = (await ui().api("GET", "/api/v1/channels?limit=1")).channels;
    const [{ id: task }] = (await ui().api("GET", "/api/v1/tasks?limit=1")).tasks;
    for (const path of [
      ...["/inbox", "/deliveries", `/tasks/${task}`, "/chat", `/channels/${channel}`],
      ...["/admin/integrations/loom", "/admin/integrations/loom?tab=process"],
    ]) {
      await opened.go(path);
      await page.locator("h1").waitFor();
      await until(() => page.evaluate("!document.querySelector('[aria-busy=true]')"));
      const actions = page.getByRole("button", {
        name: /^(Replay|Redeliver|Run again|Edit and run|Cancel|Delete|Reload|Restart)/,
      });
      expect([path, await actions.allInnerTexts(), faults]).toEqual([path, [], []]);
    }
  });

  test("sign-in: a link works once, leaves the address, and signing out ends it", async () => {
    const { url } = await ui().api("POST", "/api/v1/sign-in-links", {});
    const path = url.slice(ui().url.length);
    await using opened = await ui().openPage(path, { signedIn: false });
    const { page } = opened;
    await page.getByRole("heading", { level: 1, name: /^(?!Sign in)/ }).waitFor();
    expect(page.url()).not.toContain("once");
    await page.getByLabel("Account and appearance").first().click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Heddle" }).waitFor();
    await page.goto("about:blank");
    await page.goto(`${ui().url}${path}`);
    await page
      .getByRole("alert")
      .getByText(/used or expired/)
      .waitFor();
    // On another machine than the terminal's, it is pasted.
    await page
      .getByLabel("API key or sign-in link")
      .fill((await ui().api("POST", "/api/v1/sign-in-links", {})).url);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /^(?!Sign in)/ }).waitFor();
    expect(opened.faults.filter((one) => !one.includes("401"))).toEqual([]);
  });
}
