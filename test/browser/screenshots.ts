// `bun run screenshots`: pictures of the pages from a seeded home, light and dark, wide and narrow, into docs/screenshots.
// Names given as arguments limit it to those pages.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { until } from "../until.ts";
import { type FakeModel, startFakeModel } from "./fake-model.ts";
import { startUi } from "./ui.ts";

const folder = join(import.meta.dirname, "..", "..", "docs", "screenshots");

interface Picture {
  name: string;
  path: string;
  /** What to do before the picture is taken. */
  before?: (page: Page) => Promise<unknown>;
}

const PICTURES: Picture[] = [
  { name: "overview", path: "/" },
  { name: "integrations", path: "/admin/integrations" },
  { name: "integration", path: "/admin/integrations/loom" },
  { name: "integration-process", path: "/admin/integrations/loom?tab=process" },
  { name: "integration-people", path: "/admin/integrations/loom?tab=people" },
  { name: "webhook-endpoints", path: "/admin/integrations/webhook?tab=endpoints" },
  { name: "webhook-endpoint", path: "/admin/integrations/webhook?tab=endpoints&endpoint=alerts" },
  { name: "webhook-endpoint-new", path: "/admin/integrations/webhook?tab=endpoints&add=sentry" },
  { name: "set-up", path: "/admin/integrations/github/set-up?step=event" },
  { name: "first-steps", path: "/welcome" },
  {
    name: "inbox",
    path: "/inbox",
    before: (page) => page.locator("li a").nth(1).click(),
  },
  { name: "usage", path: "/usage" },
];

PICTURES.push(
  { name: "runs", path: "/tasks" },
  { name: "mission-control", path: "/mission-control" },
  { name: "board", path: "/mission-control/board" },
  { name: "plan", path: "/mission-control/plans", before: (page) => page.locator("li a").first().click() },
  { name: "deliveries", path: "/deliveries" },
  { name: "settings", path: "/settings" },
  { name: "about", path: "/about" },
  { name: "logs", path: "/logs" },
  { name: "api-keys", path: "/api-keys?add=1" },
  { name: "providers", path: "/admin/providers?add=1" },
  { name: "mcp-servers", path: "/admin/mcp-servers?add=1" },
  { name: "coding-agents", path: "/admin/coding-agents/claude" },
);

PICTURES.push(
  { name: "channels", path: "/channels" },
  {
    name: "channel",
    path: "/channels?q=team:weavers",
    before: async (page) => {
      await page.locator("li a").first().click();
      await page.getByRole("tab", { name: "Bindings" }).click();
    },
  },
);

PICTURES.push(
  { name: "bot", path: "/bots/weaver" },
  { name: "skill", path: "/skills/opening-hours" },
  { name: "carapace", path: "/carapaces/on-call" },
  { name: "template", path: "/templates/software-project" },
  {
    name: "documents",
    path: "/documents?q=warp+thread",
    before: (page) => page.locator("li a").nth(0).click(),
  },
  {
    name: "approval",
    path: "/approvals?status=pending",
    before: (page) => page.locator("li a").nth(0).click(),
  },
  { name: "policies", path: "/policies", before: (page) => page.locator("li a").nth(1).click() },
  { name: "evals", path: "/evals", before: (page) => page.locator("li a").nth(0).click() },
  { name: "policy-new", path: "/policies?add=1" },
  { name: "schedule-new", path: "/schedules?add=1" },
  {
    name: "schedules",
    path: "/schedules",
    before: (page) => page.locator("li a").nth(0).click(),
  },
  {
    name: "memory",
    path: "/memories?status=unreviewed",
    before: (page) => page.locator("li a").nth(0).click(),
  },
);

const LOOKS = [
  { name: "light", scheme: "light", width: 1280, height: 800 },
  { name: "dark", scheme: "dark", width: 1280, height: 800 },
  { name: "narrow-light", scheme: "light", width: 360, height: 740 },
  { name: "narrow-dark", scheme: "dark", width: 360, height: 740 },
] as const;

const wanted = process.argv.slice(2);
await mkdir(folder, { recursive: true });
await using ui = await startUi();
for (const picture of PICTURES) await take(picture);

// Last, because the other pages show a home without a model.
await using model = await startFakeModel(ui.api);
await take({ name: "chat", path: await conversation(model) });
await take({
  name: "run",
  path: "/tasks?bot_id=spinner&status=complete",
  before: async (page) => {
    await page.locator("li a").first().click();
    await page
      .getByRole("button", { name: /^Model/ })
      .last()
      .click();
  },
});
await take({ name: "budgets", path: "/budgets", before: (page) => page.locator("li a").last().click() });

async function take({ name, path, before }: Picture): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  for (const look of LOOKS) {
    await using opened = await ui.openPage(path, look);
    await opened.page.waitForSelector("h1");
    const isRead = () => opened.page.evaluate("!document.querySelector('[aria-busy=true]')");
    await until(isRead);
    await before?.(opened.page);
    await until(isRead);
    // The event stream stays open, so the network is never idle; what is drawn is.
    await opened.page.waitForTimeout(800);
    const file = join(folder, `${name}-${look.name}.png`);
    await opened.page.screenshot({ path: file });
    console.log(file);
  }
}

/** A conversation whose last answer is still being written, and one that somebody has yet to read. Returns its address. */
async function conversation(fake: FakeModel): Promise<string> {
  const begin = async (name: string, ...messages: string[]): Promise<string> => {
    const place = { client_id: `web:${name}`, bot_id: "spinner" };
    await ui.api("POST", "/api/v1/channels", { ...place, name });
    const { session_id } = await ui.api("POST", "/api/v1/sessions", place);
    for (const message of messages) await ui.api("POST", "/api/v1/chat", { session_id, message });
    return session_id;
  };
  await begin("Threads of the southern shed", "Which threads broke today?");
  const session_id = await begin("Which looms need a look?", "Which looms need a look? Please look it up.");
  const message = "And the others? There is no hurry, I can wait for it.";
  await ui.api("POST", "/api/v1/chat", { session_id, message, timeout_seconds: 0 });
  await until(
    () => fake.last(),
    (last) => JSON.stringify(last ?? "").includes(message),
  );
  return `/chat/${session_id}`;
}
