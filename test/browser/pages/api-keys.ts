import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { STATIC_KEY, type Ui } from "../ui.ts";

/** With a sign-in of its own, which the test may end or replace. */
async function signInAt(ui: Ui, path: string) {
  const opened = await ui.openPage(path, { signedIn: false });
  await opened.page.getByLabel("API key").fill(STATIC_KEY);
  await opened.page.keyboard.press("Enter");
  await opened.page.getByRole("heading", { name: "API keys" }).waitFor();
  return opened;
}

const box = (page: Page, name: string) => page.getByRole("checkbox", { name, exact: true });

export function apiKeysTests(ui: () => Ui): void {
  test("api keys: that of an integration does what its manifest asks for, is replaced and revoked", async () => {
    await using opened = await ui().openPage("/admin/integrations/loom?tab=api-key");
    const { page } = opened;
    const dialog = page.getByRole("dialog");
    const statusOf = async (key: string, method: string, path: string) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const body = method === "POST" ? JSON.stringify({ client_id: "loom:keys" }) : null;
      return (await fetch(`${ui().url}${path}`, { method, headers, body })).status;
    };
    const told = async () => {
      const key = (await dialog.getByLabel("key", { exact: true }).textContent())?.trim() ?? "";
      await dialog.getByRole("button", { name: "I have copied it" }).click();
      await dialog.waitFor({ state: "detached" });
      expect(await page.content()).not.toContain(key);
      return key;
    };
    await page.getByRole("button", { name: "Create a key" }).click();
    const first = await told();
    expect(await statusOf(first, "POST", "/api/v1/sessions")).toBe(201);
    expect(await statusOf(first, "GET", "/api/v1/api-keys")).toBe(403);
    await page.getByRole("button", { name: "Replace …" }).click();
    await dialog.getByRole("button", { name: "Replace the key" }).click();
    const second = await told();
    expect(await statusOf(first, "POST", "/api/v1/sessions")).toBe(401);
    expect(await statusOf(second, "POST", "/api/v1/sessions")).not.toBe(401);
    await page.getByRole("button", { name: "Revoke …" }).click();
    await dialog.getByRole("button", { name: "Revoke the key" }).click();
    await page.getByText("It has no key").waitFor();
    expect(await statusOf(second, "POST", "/api/v1/sessions")).toBe(401);
    expect(opened.faults).toEqual([]);
  });

  test("API keys: one is created after signing in again, works as chosen, is shown once and revoked", async () => {
    await using opened = await signInAt(ui(), "/api-keys?add=1");
    const { page } = opened;
    // As if the sign-in were older than the server allows.
    let refused = 0;
    await page.route("**/api/v1/api-keys", async (route) => {
      if (route.request().method() !== "POST" || refused > 0) return route.continue();
      refused += 1;
      const error = { code: "sign_in_again", message: "This needs a sign-in of the last 15 minutes." };
      return route.fulfill({ status: 403, json: { error } });
    });
    await page.getByRole("textbox", { name: "Name" }).fill("Loom's dashboard");
    await page.getByRole("combobox", { name: "What it may do" }).click();
    await page.getByRole("option", { name: "Own choice" }).click();
    // It has begun with what "Read only" has.
    await box(page, "Change: Runs").check();
    expect([await box(page, "Read: Runs").isChecked(), await box(page, "Read: Runs").isDisabled()]).toEqual([
      true,
      true,
    ]);
    await box(page, "Read: Bots: prompts, models, tools").uncheck();
    await page.getByRole("button", { name: "Create the key" }).click();

    const again = page.getByRole("dialog", { name: "Sign in again" });
    await again.getByRole("textbox").fill("hdl_wrong");
    await again.getByRole("button", { name: "Sign in and go on" }).click();
    await again.getByRole("alert").waitFor();
    await again.getByRole("textbox").fill(STATIC_KEY);
    await again.getByRole("button", { name: "Sign in and go on" }).click();

    const shown = page.getByRole("dialog", { name: "The new key" });
    const key = await shown.getByText(/^hdl_[0-9a-f]{64}$/).textContent();
    const ask = (path: string) =>
      fetch(`${ui().url}${path}`, { headers: { authorization: `Bearer ${key}` } }).then(
        ({ status }) => status,
      );
    expect([await ask("/api/v1/tasks"), await ask("/api/v1/bots")]).toEqual([200, 403]);
    await shown.getByRole("button", { name: "I have copied it" }).click();
    expect(await page.content()).not.toContain(key);

    await page.getByRole("link", { name: /Loom's dashboard/ }).click();
    await page.getByText("Read and change").waitFor();
    expect(await opened.accessibility()).toEqual([]);
    await page.getByRole("button", { name: "Revoke …" }).click();
    await page.getByRole("button", { name: "Revoke the key" }).click();
    await page.getByText("was revoked").waitFor();
    expect(await ask("/api/v1/tasks")).toBe(401);
    // The browser itself notes the refused requests.
    expect(opened.faults.filter((one) => !/40[13]/.test(one))).toEqual([]);
  });

  test("API keys: who does not want to sign in again sees what the API said", async () => {
    await using opened = await ui().openPage("/api-keys/browsers");
    const { page } = opened;
    const error = { code: "sign_in_again", message: "This needs a sign-in of the last 15 minutes." };
    await page.route("**/api/v1/sign-in-links", (route) => route.fulfill({ status: 403, json: { error } }));
    await page.getByRole("button", { name: "Make a sign-in link" }).click();
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("alert").getByText("This needs a sign-in of the last 15 minutes.").waitFor();
    expect(opened.faults.filter((one) => !one.includes("403"))).toEqual([]);
  });

  test("API keys: a browser that is signed out is out at once", async () => {
    await using other = await signInAt(ui(), "/api-keys/browsers");
    await using opened = await ui().openPage("/api-keys/browsers");
    const { page } = opened;
    const rows = page.getByRole("list", { name: "List of browsers" }).getByRole("link");
    // The newest is the other one.
    await rows.filter({ hasNotText: "This one" }).first().click();
    await page.getByRole("button", { name: "Sign it out …" }).click();
    await page.getByRole("button", { name: "Sign it out", exact: true }).click();
    await page.getByText("It was signed out.").waitFor();
    await other.page.getByRole("heading", { name: "You were signed out" }).waitFor();
    expect(opened.faults).toEqual([]);
  });
}
