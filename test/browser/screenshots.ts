// `bun run screenshots`: pictures of the pages from a seeded home, light and dark, wide and narrow, into docs/screenshots.
// Names given as arguments limit it to those pages.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
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
  {
    name: "run",
    path: "/tasks",
    before: async (page) => {
      await page.locator("li a").nth(1).click();
      await page
        .getByRole("button", { name: /^Model/ })
        .first()
        .click();
    },
  },
  { name: "deliveries", path: "/deliveries" },
  { name: "settings", path: "/settings" },
  { name: "about", path: "/about" },
  { name: "logs", path: "/logs" },
  { name: "api-keys", path: "/api-keys?add=1" },
  { name: "providers", path: "/admin/providers?add=1" },
);

PICTURES.push(
  { name: "channels", path: "/channels" },
  {
    name: "channel",
    path: "/channels?q=weavers",
    before: async (page) => {
      await page.locator("li a").first().click();
      await page.getByRole("tab", { name: "Bindings" }).click();
    },
  },
);

PICTURES.push(
  { name: "bot", path: "/bots/weaver" },
  {
    name: "documents",
    path: "/documents?q=warp+thread",
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
for (const { name, path, before } of PICTURES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const look of LOOKS) {
    await using opened = await ui.openPage(path, look);
    await opened.page.waitForSelector("h1");
    await before?.(opened.page);
    // The event stream stays open, so the network is never idle; what is drawn is.
    await opened.page.waitForTimeout(800);
    const file = join(folder, `${name}-${look.name}.png`);
    await opened.page.screenshot({ path: file });
    console.log(file);
  }
}
