// Every page of the admin UI in a real browser. A page has its tests in pages/, and its line here.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../until.ts";
import { CHROMIUM } from "./chromium.ts";
import { apiKeysTests } from "./pages/api-keys.ts";
import { approvalsTests } from "./pages/approvals.ts";
import { budgetsTests } from "./pages/budgets.ts";
import { channelsTests } from "./pages/channels.ts";
import { chatTests } from "./pages/chat.ts";
import { codingAgentsTests } from "./pages/coding-agents.ts";
import { evalsTests } from "./pages/evals.ts";
import { inboxTests } from "./pages/inbox.ts";
import { integrationsTests } from "./pages/integrations.ts";
import { knowledgeTests } from "./pages/knowledge.ts";
import { logsTests } from "./pages/logs.ts";
import { mcpServersTests } from "./pages/mcp-servers.ts";
import { missionControlTests } from "./pages/mission-control.ts";
import { overviewTests } from "./pages/overview.ts";
import { providersTests } from "./pages/providers.ts";
import { runsTests } from "./pages/runs.ts";
import { schedulesTests } from "./pages/schedules.ts";
import { settingsTests } from "./pages/settings.ts";
import { shellTests } from "./pages/shell.ts";
import { signInTests } from "./pages/sign-in.ts";
import { usageTests } from "./pages/usage.ts";
import { webhookEndpointsTests } from "./pages/webhook-endpoints.ts";
import { startUi, type Ui, type UiPage } from "./ui.ts";

describe.skipIf(CHROMIUM === null)("the admin UI", () => {
  let ui: Ui;
  beforeAll(async () => {
    ui = await startUi();
  }, 180_000);
  afterAll(() => ui?.[Symbol.asyncDispose]());

  for (const tests of [
    ...[signInTests, shellTests, inboxTests, integrationsTests, runsTests, usageTests],
    ...[providersTests, mcpServersTests, codingAgentsTests, apiKeysTests, channelsTests, logsTests],
    chatTests,
    knowledgeTests,
    settingsTests,
    schedulesTests,
    budgetsTests,
    evalsTests,
    approvalsTests,
    overviewTests,
    webhookEndpointsTests,
    missionControlTests,
  ])
    tests(() => ui);

  /** Addresses of pages with content, each looked at in both colours, wide and narrow. */
  const PAGES = [
    "/",
    "/?span=month",
    "/admin/integrations",
    "/admin/integrations/loom",
    "/admin/integrations/loom?tab=process",
    "/admin/integrations/loom?tab=people",
    "/admin/integrations/loom?tab=settings",
    "/admin/integrations/loom?tab=tools",
    "/admin/integrations/webhook?tab=endpoints",
    "/admin/integrations/webhook?tab=endpoints&add=",
    "/admin/integrations/webhook?tab=endpoints&add=sentry",
    "/admin/integrations/webhook?tab=endpoints&endpoint=alerts",
    "/admin/integrations/broken",
    "/admin/integrations/scribe?tab=approval",
    "/admin/integrations/github/set-up?step=event",
    "/welcome",
    "/chat",
    "/chat/new",
    "/chat/{session}",
    "/channels",
    "/channels?q=no-such-place",
    "/channels/{channel}",
    "/channels/{channel}?tab=bindings",
    "/channels/{channel}?tab=capabilities",
    "/channels/{channel}?tab=settings",
    "/bots",
    "/skills/opening-hours",
    "/carapaces",
    "/carapaces/on-call",
    "/templates/software-project",
    "/documents",
    "/documents?add=1",
    "/documents?q=warp+thread",
    "/memories",
    "/memories/{memory}",
    "/approvals",
    "/approvals/{approval}",
    "/policies",
    "/policies?add=1",
    "/policies?try=1",
    "/policies/{policy}",
    "/chat/{waiting}",
    "/evals",
    "/evals?name=no-such-folder",
    "/evals/{eval}",
    "/budgets",
    "/budgets?add=1",
    "/budgets/{budget}",
    "/mission-control",
    "/mission-control/board",
    "/mission-control/plans",
    "/mission-control/plans?add=1",
    "/mission-control/plans/{plan}",
    "/mission-control/timeline",
    "/mission-control/journal",
    "/schedules",
    "/schedules?add=1",
    "/schedules/{schedule}",
    "/bots?add=1",
    "/bots/weaver",
    "/inbox",
    "/inbox?verdict=rejected",
    "/tasks",
    "/deliveries",
    "/usage",
    "/usage?span=7&by=model",
    "/usage?bot_id=no-such-bot",
    "/admin/providers",
    "/admin/providers?add=1",
    "/admin/mcp-servers",
    "/admin/mcp-servers?add=1",
    "/admin/coding-agents",
    "/admin/coding-agents?add=1",
    "/admin/coding-agents/claude",
    "/settings",
    "/about",
    "/logs",
    "/logs?level=error&q=nothing-has-this-text",
    "/api-keys",
    "/api-keys?add=1",
    "/api-keys/browsers",
    "/nowhere",
  ];
  /** The address with the ids of what the seed has made. */
  const shown = async (path: string): Promise<string> => {
    const { channels } = await ui.api("GET", "/api/v1/channels?client_id=team:weavers");
    const { memories } = await ui.api("GET", "/api/v1/memories?limit=1");
    const { sessions } = await ui.api("GET", "/api/v1/sessions?client_id=docs:team");
    const { schedules } = await ui.api("GET", "/api/v1/schedules?limit=1");
    const { approvals } = await ui.api("GET", "/api/v1/approvals?limit=1");
    const { policies } = await ui.api("GET", "/api/v1/policies");
    const { budgets } = await ui.api("GET", "/api/v1/budgets?limit=1");
    const { evals } = await ui.api("GET", "/api/v1/evals?limit=1");
    const { plans } = await ui.api("GET", "/integrations/mission_control/plans");
    return path
      .replace("{plan}", plans[0].id)
      .replace("{eval}", evals[0].id)
      .replace("{channel}", channels[0].id)
      .replace("{schedule}", schedules[0].id)
      .replace("{approval}", approvals[0].id)
      .replace("{waiting}", approvals[0].session_id)
      .replace("{policy}", policies[0].id)
      .replace("{budget}", budgets[0].id)
      .replace("{session}", sessions[0].id)
      .replace("{memory}", memories[0].id);
  };
  const LOOKS = [
    { colorScheme: "light", width: 1280, height: 800 },
    { colorScheme: "dark", width: 360, height: 740 },
  ] as const;
  /** One page for all looks: the pages' files are then in the browser's cache. */
  let looker: UiPage | undefined;
  afterAll(() => looker?.[Symbol.asyncDispose]());

  for (const path of PAGES) {
    test(`${path} has no fault, light and dark, wide and narrow`, async () => {
      looker ??= await ui.openPage("/");
      const { page, faults } = looker;
      const address = await shown(path);
      await page.goto("about:blank");
      faults.length = 0;
      for (const { colorScheme, ...size } of LOOKS) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(size);
        if (page.url() === "about:blank") await page.goto(`${ui.url}${address}`);
        await page.waitForSelector("h1");
        await until(() => page.evaluate("!document.querySelector('[aria-busy=true]')"));
        const overflow = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        const look = [path, colorScheme, size.width];
        expect([...look, await looker.accessibility(), faults, overflow]).toEqual([...look, [], [], 0]);
      }
    });
  }
});
