// What the API refuses: it stands at the field, in words, and the field is in view and has the focus, also on a narrow screen.

import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

const NARROW = { width: 360, height: 640 };

/** The field that is marked: its label, whether it has the focus and is in view, and what is said of it. */
const marked = (page: Page) =>
  page.evaluate<{ label: string; focused: boolean; inView: boolean; text: string }>(`(() => {
    const field = document.querySelector("[aria-invalid=true]");
    const { top, bottom } = field.getBoundingClientRect();
    return {
      label: field.labels[0]?.textContent ?? "",
      focused: document.activeElement === field,
      inView: top >= 0 && bottom <= innerHeight,
      text: (field.getAttribute("aria-describedby") ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join(" "),
    };
  })()`);

export function formsTests(ui: () => Ui): void {
  test("forms: what is refused is marked at its field, in words, and brought into view at 360 pixels", async () => {
    await using opened = await ui().openPage("/api-keys?add=1", NARROW);
    const { page } = opened;
    const refused = async (button: string, wanted: { label: RegExp; text: RegExp }) => {
      await page.getByRole("button", { name: button }).click();
      await page.locator("[aria-invalid=true]").waitFor();
      // A preview may have marked it before the answer came, which brings it into view.
      const { label, text } = await until(
        () => marked(page),
        ({ focused, inView }) => focused && inView,
      );
      expect(label).toMatch(wanted.label);
      expect(text).toMatch(wanted.text);
    };
    await page.getByRole("textbox", { name: "Name" }).fill("   ");
    await refused("Create the key", { label: /Name/, text: /that is not blank/ });

    await opened.go("/schedules?add=1");
    await page.getByLabel("Name").fill("Never");
    await page.getByRole("combobox", { name: "Channel" }).click();
    await page.getByRole("option", { name: /weavers of the northern shed/ }).click();
    await page.getByLabel("Message").fill("Are all looms off?");
    await page.getByLabel("Cron expression").fill("0 25 * * *");
    await refused("Create schedule", { label: /Cron expression/, text: /must have five fields/ });

    await opened.go("/admin/mcp-servers?add=1");
    await page.getByRole("textbox", { name: "Id" }).fill("My Server");
    await page.getByRole("textbox", { name: "Address" }).fill("https://mcp.example.com/mcp");
    await refused("Add the server", { label: /Id/, text: /lower-case letters, digits/ });

    // A field that is folded away is unfolded.
    await opened.go("/admin/integrations/webhook?tab=endpoints&add=sentry");
    await page.getByText("Signature, conversations, answers").click();
    await page.getByLabel("Which events belong to one conversation").fill("no-pointer");
    await page.getByText("Signature, conversations, answers").click();
    await refused("Create endpoint", { label: /belong to one conversation/, text: /JSON pointer such as/ });

    await opened.go("/policies?try=1");
    await page.getByRole("textbox", { name: "Tool", exact: true }).fill("search_documents");
    await page.getByLabel("Arguments as JSON").fill("[1");
    await refused("Ask the policies", { label: /Arguments/, text: /must be a JSON object/ });
    expect(await opened.accessibility()).toEqual([]);

    await opened.go("/admin/integrations/loom?tab=tools");
    await page.getByText("Try it").first().click();
    await page.getByRole("textbox", { name: "loom" }).fill("seven");
    await page.getByRole("textbox", { name: "samples" }).fill("400");
    await refused("Call loom_tension", { label: /samples/, text: /must be <= 100/ });
    // The browser itself notes the refused requests.
    expect(opened.faults.filter((one) => !one.includes("422"))).toEqual([]);
  });
}
