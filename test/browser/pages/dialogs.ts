import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

/** What opens over a page: where, the button that opens it, and what it is to a screen reader. */
const OPENED: [path: string, button: string | RegExp, role: "dialog" | "menu"][] = [
  ["/", /^Search and act/, "dialog"],
  ["/", "Keyboard shortcuts", "dialog"],
  ["/", /account/i, "menu"],
  ["/tasks", "Cancel matching", "dialog"],
  ["/admin/integrations/loom", "Disable …", "dialog"],
  ["/channels/{channel}", "Delete …", "dialog"],
  ["/channels/{channel}?tab=bindings", "Add a binding", "dialog"],
  ["/mission-control/board", "New task", "dialog"],
];

export function dialogsTests(ui: () => Ui): void {
  test("dialogs and menus have no fault in either colour, close with Escape, and give the focus back", async () => {
    const { channels } = await ui().api("GET", "/api/v1/channels?client_id=team:weavers");
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    const found: string[] = [];
    for (const [path, name, role] of OPENED) {
      await opened.go(path.replace("{channel}", channels[0].id));
      const button = page.getByRole("button", { name }).first();
      await button.focus();
      await page.keyboard.press("Enter");
      // A dialog gets its name when its title is there, a moment later.
      const over = page.getByRole(role, { name: /\S/ }).first();
      await over.waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const findings = await opened.accessibility();
        found.push(...findings.map((finding) => `${path} ${name} ${colorScheme}: ${finding}`));
      }
      await page.keyboard.press("Escape");
      await over.waitFor({ state: "detached" });
      await page.locator(":focus").and(button).waitFor();
    }
    expect([...found, ...opened.faults]).toEqual([]);
  });

  test("the focus goes to a form that opens, and comes back when it closes, to a button or a row", async () => {
    await using opened = await ui().openPage("/bots/weaver");
    const { page } = opened;
    const press = async (name: string) => {
      await page.getByRole("button", { name, exact: true }).first().focus();
      await page.keyboard.press("Enter");
    };
    const focused = (role: "button" | "link" | "textbox", name: string | RegExp) =>
      page.locator(":focus").and(page.getByRole(role, { name })).waitFor();
    await press("Edit");
    await focused("textbox", "The bot as YAML");
    await press("Cancel");
    await focused("button", "Edit");

    await opened.go("/budgets");
    await page.getByRole("link", { name: "New budget" }).focus();
    await page.keyboard.press("Enter");
    await focused("textbox", /Amount/);
    await page.keyboard.type("7");
    await page.getByRole("button", { name: "Close details" }).focus();
    // Not even Escape closes a pane in which somebody has typed; its buttons do.
    await page.keyboard.press("Escape");
    await press("Cancel");
    await focused("link", "New budget");
    expect(new URL(page.url()).search).toBe("");

    await opened.go("/inbox");
    const row = page.getByRole("list", { name: "List of webhooks" }).getByRole("link").nth(1);
    await row.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Close details" }).focus();
    await page.keyboard.press("Escape");
    await page.locator(":focus").and(row).waitFor();
    expect(opened.faults).toEqual([]);
  });
}
