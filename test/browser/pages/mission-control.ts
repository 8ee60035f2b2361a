import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../until.ts";
import type { Ui } from "../ui.ts";

export function missionControlTests(ui: () => Ui): void {
  const board = async (): Promise<Record<string, string[]>> => {
    const { columns } = await ui().api("GET", "/integrations/mission_control/kanban");
    return Object.fromEntries(
      columns.map(({ name, cards }: { name: string; cards: { title: string }[] }) => [
        name,
        cards.map(({ title }) => title),
      ]),
    );
  };

  test("mission control: a task is made, moved with the keyboard and told to screen readers, then deleted", async () => {
    await using opened = await ui().openPage("/mission-control/board");
    const { page } = opened;
    await page.getByRole("button", { name: "New task" }).click();
    await page.getByRole("textbox", { name: "Title" }).fill("Mend the shutter");
    await page.getByRole("textbox", { name: "Tags" }).fill("house, urgent");
    await page.getByRole("button", { name: "Create task" }).click();
    const handle = page.getByRole("button", { name: "Move Mend the shutter" });
    const press = await listening(page);
    await handle.focus();
    await press("Space", /in Backlog, place 3 of 3/);
    await press("ArrowUp", /in Backlog, place 2 of 3/);
    await press("ArrowRight", /in In Progress/);
    const moved = page.waitForResponse((response) => response.url().endsWith("/kanban/move"));
    await press("Space", /put down in In Progress/);
    expect((await moved).status()).toBe(200);
    const column = page.getByRole("region", { name: "In Progress" });
    await column.getByRole("link", { name: "Mend the shutter" }).waitFor();
    expect((await board())["In Progress"]).toContain("Mend the shutter");

    // Somebody else, here a program, moves a card: an open page shows it at once, and one that stays open misses nothing.
    const [mine] = (await ui().api("GET", "/integrations/mission_control/kanban")).columns.flatMap(
      ({ cards }: { cards: { id: string; title: string }[] }) =>
        cards.filter(({ title }) => title === "Mend the shutter"),
    );
    const moveTo = (to_column: string) =>
      ui().api("POST", "/integrations/mission_control/kanban/move", { card_id: mine.id, to_column });
    await moveTo("Review");
    const elsewhere = page
      .getByRole("region", { name: "Review" })
      .getByRole("link", { name: "Mend the shutter" });
    await elsewhere.waitFor({ timeout: 3_000 });
    await moveTo("In Progress");
    await column.getByRole("link", { name: "Mend the shutter" }).waitFor({ timeout: 3_000 });

    await handle.focus();
    await press("Space", /shutter is (picked up, )?in In Progress/);
    await press("Escape", /stays where it was/);
    await column.getByRole("link", { name: "Mend the shutter" }).click();
    await page.getByRole("button", { name: "Delete …" }).click();
    await page.getByRole("button", { name: "Delete task" }).click();
    await handle.waitFor({ state: "detached" });
    expect(Object.values(await board()).flat()).not.toContain("Mend the shutter");
    expect(opened.faults).toEqual([]);
  });

  test("mission control: with many tasks, columns scroll one by one, a card goes where the pointer is, and nothing pushes the rest away", async () => {
    const send = (path: string, body: object) =>
      ui().api("POST", `/integrations/mission_control${path}`, body);
    const made: string[] = [];
    for (let number = 1; number <= 30; number++)
      made.push((await send("/kanban/create", { title: `Late ${number}`, due: "2026-01-31" })).card.id);
    for (let number = 1; number <= 52; number++)
      made.push((await send("/kanban/create", { title: `Ended ${number}`, column: "Done" })).card.id);
    for (let number = 1; number <= 101; number++) await send("/timeline", { content: `Noted ${number}` });
    await using opened = await ui().openPage("/mission-control/board");
    const { page } = opened;
    // Of what is done, the latest are shown first.
    const ended = page.getByRole("region", { name: "Done" });
    const link = (title: string) => ended.getByRole("link", { name: title, exact: true });
    await link("Ended 52").waitFor();
    expect(await link("Ended 1").count()).toBe(0);
    await ended.getByRole("link", { name: /^\d more that were done earlier$/ }).click();
    await link("Ended 1").waitFor();
    // What is looked for stays when a card is opened and closed.
    await page.getByRole("textbox", { name: "Find tasks" }).fill("late 17");
    await page.getByRole("link", { name: "Late 16" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Late 17" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.getByRole("link", { name: /^Late \d/ }).count()).toBe(1);
    await page.getByRole("button", { name: "Clear filters" }).click();
    const handle = page.getByRole("button", { name: "Move Late 30" });
    await handle.scrollIntoViewIfNeeded();
    const review = page.getByRole("region", { name: "Review" });
    // Its name is in view although the column before it is at its end.
    const place = await review.boundingBox();
    const from = await handle.boundingBox();
    if (!place || !from) throw new Error("Nothing is shown.");
    expect(place.y).toBeGreaterThan(0);
    await page.mouse.move(from.x + 5, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(from.x + 40, from.y + 20, { steps: 4 });
    await page.mouse.move(place.x + 30, place.y + 60, { steps: 8 });
    const moved = page.waitForResponse((response) => response.url().endsWith("/kanban/move"));
    await page.mouse.up();
    expect((await moved).status()).toBe(200);
    expect((await board()).Review).toContain("Late 30");

    await opened.go("/mission-control");
    await page.getByRole("link", { name: /^\d+ more: task overdue$/ }).waitFor();
    // Four that are overdue beside one of the seed, and the one to review.
    expect(await page.getByRole("link", { name: /^Late \d/ }).count()).toBe(5);
    await opened.go("/mission-control/timeline");
    await page.getByText("Noted 101").waitFor();
    expect(await page.getByText("Noted 1", { exact: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Show earlier ones" }).click();
    await page.getByText("Noted 1", { exact: true }).waitFor();
    for (const id of made) await ui().api("DELETE", `/integrations/mission_control/kanban/${id}`);
    expect(opened.faults).toEqual([]);
  });

  test("mission control: the guide leads on, and a channel is joined, read and left", async () => {
    await using opened = await ui().openPage("/mission-control");
    const { page } = opened;
    await page.getByRole("heading", { name: /of 4 steps are done/ }).waitFor();
    await page.getByRole("link", { name: "Channels", exact: true }).last().click();
    await page
      .getByRole("link", { name: /weavers of the northern shed/ })
      .first()
      .click();
    const detail = page.getByRole("article");
    await detail.getByRole("button", { name: "Join" }).click();
    await detail.getByText("Joined").waitFor();
    await detail.getByRole("heading", { name: "What is remembered here" }).waitFor();
    await page.getByRole("combobox", { name: "All channels" }).click();
    await page.getByRole("option", { name: "Those that I have joined" }).click();
    await until(
      () => page.locator("li a").filter({ hasText: "weavers" }).count(),
      (count) => count > 0,
    );
    await detail.getByRole("button", { name: "Leave" }).click();
    await page.getByText("No channel here").waitFor();
    expect(opened.faults).toEqual([]);
  });

  test("mission control: a plan is written, changed, approved once and carried out", async () => {
    await using opened = await ui().openPage("/mission-control/plans?add=1");
    const { page } = opened;
    await page.getByRole("textbox", { name: "What is to be reached" }).fill("Dust the shelves");
    await page.getByRole("textbox", { name: "Step 1" }).fill("When does the shop open?");
    await page.getByRole("button", { name: "Add a step" }).click();
    await page.getByRole("textbox", { name: "Step 2" }).fill("What does the shop sell?");
    await page.getByRole("button", { name: "Create plan" }).click();
    await page.getByRole("heading", { name: "Dust the shelves" }).waitFor();
    const { plans } = await ui().api("GET", "/integrations/mission_control/plans?status=draft");
    const { id } = plans.find(({ title }: { title: string }) => title === "Dust the shelves");
    // Somebody else changes it while it is on the screen: what is approved must be what was read.
    await ui().api("PATCH", `/integrations/mission_control/plans/${id}`, { steps: ["Who opens the shop?"] });
    // The page is live and shows it at once, which is not yet reading it.
    await page.getByText("Who opens the shop?").waitFor();
    await page.getByRole("button", { name: "Approve and run" }).click();
    await page.getByText(/was changed since you read it/).waitFor();
    await page.getByRole("button", { name: "Approve and run" }).click();
    await page.getByRole("article").getByText("Done").waitFor();
    await page.getByRole("article").getByText("Complete").waitFor();
    await page.getByRole("link", { name: "Timeline" }).click();
    await page.getByText("Plan completed: Dust the shelves").waitFor();
    expect(opened.faults.filter((one) => !one.includes("409"))).toEqual([]);
  });
}

const LIVE = '[role="status"][aria-live="assertive"]';

/**
 * Presses keys and waits for what screen readers are told then. Announcements are recorded as they come: the next one may replace them
 * before anybody has looked. One that repeats what was said last changes nothing in the page, so what stands there counts as well.
 */
async function listening(page: Page): Promise<(key: string, announcement: RegExp) => Promise<void>> {
  await page.evaluate(`
    window.said = () => document.querySelector('${LIVE}')?.textContent ?? "";
    window.heard = [];
    new MutationObserver(() => {
      if (said() !== "" && said() !== heard.at(-1)) heard.push(said());
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  `);
  return async (key, announcement) => {
    const before = await page.evaluate<number>("heard.length");
    await page.keyboard.press(key);
    await until(
      () => page.evaluate<string[]>(`[...heard.slice(${before}), said()]`),
      (heard) => heard.some((said) => announcement.test(said)),
    );
    // The next key is listened for, and the places are measured, a moment after the words; on a busy machine that takes a while.
    await page.evaluate(
      "new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done))))",
    );
  };
}
