import { expect, test } from "bun:test";
import type { Ui } from "../ui.ts";

/** What integrations bring to the UI by their manifests. */
export function ownPagesTests(ui: () => Ui): void {
  test("own pages: a section says whether it is ready, and its modules are at its address and on the overview", async () => {
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    const section = page.getByRole("navigation", { name: "Pages" });
    await section.getByRole("img", { name: "Ready", exact: true }).first().waitFor();
    await section.getByRole("link", { name: "Sheds" }).click();
    await page.getByRole("heading", { name: "Sheds", level: 1 }).waitFor();
    const shown = async () => {
      const card = page.getByRole("heading", { name: "Tension of the warps" }).locator("..");
      await card.getByText("Broken threads").waitFor();
      await card.getByRole("img", { name: "This week" }).waitFor();
      await card.getByRole("cell", { name: "61" }).waitFor();
      // Until its renderer is loaded, Markdown is plain text.
      await card.locator("strong", { hasText: "twelve" }).waitFor();
    };
    await shown();
    expect(await opened.accessibility("nav[aria-label='Pages']")).toEqual([]);
    await opened.go("/");
    await shown();

    // What is not ready has another mark, with what the integration said.
    await page.route("**/integrations/loom/ready", (route) => route.fulfill({ json: { looms: "stopped" } }));
    await page.reload();
    const mark = section.getByRole("img", { name: "Not ready" });
    await mark.waitFor();
    expect(await mark.getAttribute("title")).toBe("looms: stopped");
    expect(opened.faults).toEqual([]);
  });

  test("own pages: one with files of its own is framed, with an origin of its own", async () => {
    await using opened = await ui().openPage("/about");
    const { page } = opened;
    await page.getByRole("link", { name: "Plan of the halls" }).click();
    const frame = page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "The halls of the mill" }).waitFor();
    await frame.getByText("Origin: null").waitFor();
    expect(await opened.accessibility("iframe")).toEqual([]);
    expect(opened.faults).toEqual([]);
  });
}
