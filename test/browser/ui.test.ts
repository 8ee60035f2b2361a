// Every page of the admin UI in a real browser. A page has its tests in pages/, and its line here.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { quickDatabase } from "../database.ts";
import { CHROMIUM } from "./chromium.ts";
import { createLooks } from "./looks.ts";
import { apiKeysTests } from "./pages/api-keys.ts";
import { approvalsTests } from "./pages/approvals.ts";
import { budgetsTests } from "./pages/budgets.ts";
import { channelsTests } from "./pages/channels.ts";
import { chatTests } from "./pages/chat.ts";
import { codingAgentsTests } from "./pages/coding-agents.ts";
import { dialogsTests } from "./pages/dialogs.ts";
import { evalsTests } from "./pages/evals.ts";
import { formsTests } from "./pages/forms.ts";
import { inboxTests } from "./pages/inbox.ts";
import { integrationsTests } from "./pages/integrations.ts";
import { knowledgeTests } from "./pages/knowledge.ts";
import { logsTests } from "./pages/logs.ts";
import { mcpServersTests } from "./pages/mcp-servers.ts";
import { meanwhileTests } from "./pages/meanwhile.ts";
import { missionControlTests } from "./pages/mission-control.ts";
import { overviewTests } from "./pages/overview.ts";
import { ownPagesTests } from "./pages/own-pages.ts";
import { providersTests } from "./pages/providers.ts";
import { runsTests } from "./pages/runs.ts";
import { schedulesTests } from "./pages/schedules.ts";
import { settingsTests } from "./pages/settings.ts";
import { shellTests } from "./pages/shell.ts";
import { signInTests } from "./pages/sign-in.ts";
import { unsavedTests } from "./pages/unsaved.ts";
import { usageTests } from "./pages/usage.ts";
import { webhookEndpointsTests } from "./pages/webhook-endpoints.ts";
import { startUi, type Ui } from "./ui.ts";

describe.skipIf(CHROMIUM === null)("the admin UI", () => {
  const quick = quickDatabase();
  let ui: Ui;
  beforeAll(async () => {
    ui = await startUi({ databaseUrl: (await quick()).DATABASE_URL });
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
    ownPagesTests,
    webhookEndpointsTests,
    missionControlTests,
    dialogsTests,
    formsTests,
    meanwhileTests,
    unsavedTests,
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
    "/admin/integrations/broken?tab=files",
    "/admin/integrations/oauth/callback",
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
    "/mission-control/channels",
    "/mission-control/channels/{channel}",
    "/mission-control/memory",
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
    "/loom",
    "/nowhere",
  ];
  /** The address with the ids of what the seed has made. */
  const addressOf = async (path: string): Promise<string> => {
    ids ??= idsOf(ui);
    const known = await ids;
    return path.replace(/\{(\w+)\}/, (_, name) => String(known[name]));
  };
  let ids: Promise<Record<string, string>> | undefined;
  const looks = createLooks(() => ui);

  for (const path of PAGES) {
    test(`${path} has no fault, light and dark, wide and narrow`, async () => {
      const seen = await looks.at(path, await addressOf(path));
      expect(seen).toEqual(
        seen.map(({ look }) => ({ look, findings: [], faults: [], overflow: 0, scrolls: 0 })),
      );
    });
  }
});

/** The ids of what the seed has made, by their names in the addresses above. */
async function idsOf(ui: Ui): Promise<Record<string, string>> {
  const first = async (path: string, list: string) => (await ui.api("GET", path))[list][0];
  const approval = await first("/api/v1/approvals?limit=1", "approvals");
  return {
    channel: (await first("/api/v1/channels?client_id=team:weavers", "channels")).id,
    memory: (await first("/api/v1/memories?limit=1", "memories")).id,
    session: (await first("/api/v1/sessions?client_id=docs:team", "sessions")).id,
    schedule: (await first("/api/v1/schedules?limit=1", "schedules")).id,
    approval: approval.id,
    waiting: approval.session_id,
    policy: (await first("/api/v1/policies", "policies")).id,
    budget: (await first("/api/v1/budgets?limit=1", "budgets")).id,
    eval: (await first("/api/v1/evals?limit=1", "evals")).id,
    plan: (await first("/integrations/mission_control/plans", "plans")).id,
  };
}
