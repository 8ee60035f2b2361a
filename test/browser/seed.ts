// Fills an empty home over the REST API with what a server has after some use: webhooks of every verdict, runs,
// deliveries, channels. Each page's test and picture starts from it.

import { until } from "../until.ts";
import { seedKnowledge } from "./seed-knowledge.ts";
import { seedMission } from "./seed-mission.ts";
import type { Ui } from "./ui.ts";

const SECRET = "a-webhook-secret-for-pictures";

export async function seed(url: string, api: Ui["api"]): Promise<void> {
  await until(async () => (await fetch(`${url}/ready`)).ok);
  await until(
    () => api("GET", "/api/v1/admin/integrations"),
    // On a busy machine, one that took too long is loaded again by itself.
    ({ integrations }) =>
      integrations.every(
        ({ id, status }: { id: string; status: string }) =>
          status !== "loading" && !(id === "github" && status === "quarantined"),
      ),
  );
  await api("PUT", "/api/v1/admin/integrations/github/settings", {
    settings: { GITHUB_WEBHOOK_SECRET: SECRET },
  });
  for (const [number, title] of PULL_REQUESTS) await sendPullRequest(api, number, title);
  // Sent once more by its sender, refused for want of a signature, and of no use to the integration.
  await sendPullRequest(api, ...(PULL_REQUESTS[0] as [number, string]));
  await fetch(`${url}/integrations/github/webhook`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-github-event": "issues" },
    body: JSON.stringify({ action: "opened", issue: { number: 7, title: "Unsigned" } }),
  });
  await api("POST", "/api/v1/admin/integrations/github/receive", {
    event: "ping",
    body: { zen: "Keep it logically awesome.", repository: REPOSITORY },
  });
  // Written by a bot, so it waits for approval.
  await api("POST", "/api/v1/tools/workspace_write/try", {
    arguments: { path: "integrations/scribe/tools/scribe.ts", content: SCRIBE },
  });
  const { session_id } = await api("POST", "/api/v1/sessions", { client_id: "docs:team" });
  for (const content of ["What does the shop sell?", "When does it open?"]) {
    await api("POST", `/api/v1/sessions/${session_id}/messages`, { content, run_agent: true });
  }
  // On the board of the shed, where it can be corrected and withdrawn.
  await api("POST", `/api/v1/sessions/${session_id}/messages`, {
    ...{ content: "Is the shop open on Sundays?", run_agent: true },
    dispatch_config: { type: "loom", shed: "north" },
  });
  await seedChannel(api);
  const budget = (given: object) => api("POST", "/api/v1/budgets", given);
  await budget({ scope: "server", metric: "model_calls", period: "day", amount: 2_500 });
  await budget({ scope: "bot", subject: "default", metric: "cost_usd", period: "day", amount: 5 });
  await budget({ scope: "integration", subject: "github", metric: "runs", period: "hour", amount: 300 });
  await budget({ scope: "bot", subject: "default", metric: "model_calls", period: "run", amount: 200 });
  await api("POST", "/api/v1/documents", { title: "Opening hours", content: "The shop opens at ten." });
  await seedPeople(api);
  for (const body of [
    { name: "alerts", preset: "alertmanager", secrets: ["a-secret-of-alertmanager"] },
    { name: "shop-errors-of-the-southern-weaving-mill", preset: "sentry", enabled: false },
  ]) {
    await api("POST", "/integrations/webhook/endpoints", body);
  }
  await seedKnowledge(api);
  await seedApprovals(api);
  await api("POST", "/api/v1/admin/coding-agents", {
    ...{ id: "claude", name: "Claude Code", command: "npx" },
    args: ["-y", "@agentclientprotocol/claude-agent-acp"],
    env: { ANTHROPIC_API_KEY: "a-key-that-is-never-shown" },
  });
  await seedEvals(api);
  await seedMission(api);
}

/** Two runs of the same fixtures, of which one has been mended and one broken. */
async function seedEvals(api: Ui["api"]): Promise<void> {
  const result = (name: string, answer: string, problems: string[] = []) => ({
    ...{ name, bot_id: "default", answer, problems, tools: ["search_documents"] },
    ...{ model_calls: 2, tokens: 1_840, cost_usd: 0.0031, seconds: 3.4 },
  });
  await api("POST", "/api/v1/evals", {
    name: "weaving",
    model: "glm-5",
    results: [
      result("github-issues-7-broken-thread", "It is a matter of taste.", [
        'The text must contain "a fault"',
      ]),
      result("github-pull-request-42-dark-mode", "Changes requested: there are no tests."),
    ],
  });
  await api("POST", "/api/v1/evals", {
    name: "weaving",
    model: "glm-5",
    results: [
      result("github-issues-7-broken-thread", "This is a fault: the thread breaks when the shed closes."),
      result("github-pull-request-42-dark-mode", "Looks good to me!", [
        'The text must contain "changes requested"; got "Looks good to me!"',
      ]),
    ],
  });
}

/** People who talk with the loom's bots: one is trusted, one was refused, one asks. */
async function seedPeople(api: Ui["api"]): Promise<void> {
  const at = { integration_id: "loom" };
  for (const [external_id, name, status] of [
    ["weaver-1", "Ada Weber", "allowed"],
    ["weaver-9", "Free Threads!!", "blocked"],
  ]) {
    await api("POST", "/api/v1/people", { ...at, external_id, name, status });
  }
  const asking = { external_id: "weaver-4", name: "Noor Haddad", place: "loom:shed-north" };
  await api("POST", "/api/v1/people/check", { ...at, ...asking });
}

/** A policy, a call that was approved, and one like it that waits. */
async function seedApprovals(api: Ui["api"]): Promise<void> {
  await api("POST", "/api/v1/bots", { id: "doorkeeper", name: "Doorkeeper", tools: ["workspace_write"] });
  await api("POST", "/api/v1/policies", {
    name: "What the doorkeeper writes is read by a person first",
    effect: "require_approval",
    tools: ["workspace_write"],
    bot_id: "doorkeeper",
    reason: "The shop's opening hours are on the door.",
    approval: { timeout_seconds: 604_800 },
  });
  await api("POST", "/api/v1/policies", {
    name: "Nobody deletes files of the archive",
    effect: "deny",
    tools: ["workspace_delete*"],
    arguments: { path: { prefix: "archive/" } },
    priority: 10,
  });
  const { session_id } = await api("POST", "/api/v1/sessions", {
    client_id: "web:door",
    bot_id: "doorkeeper",
  });
  const write = async (hours: string) => {
    const content = `# Opening hours\n\n${hours}\n`;
    await api("POST", `/api/v1/sessions/${session_id}/messages`, {
      content: `/workspace_write ${JSON.stringify({ path: "door/hours.md", content })}`,
      run_agent: true,
    });
    return await until(
      async () =>
        (await api("GET", `/api/v1/approvals?status=pending&session_id=${session_id}`)).approvals[0],
    );
  };
  const first = await write("Ten to six.");
  await api("POST", `/api/v1/approvals/${first.id}/decide`, { approved: true });
  await write("Nine to six, and on Saturdays until one.");
}

/** A channel that is bound to a repository and to one whose integration has no words for its events. */
async function seedChannel(api: Ui["api"]): Promise<void> {
  const { id } = await api("POST", "/api/v1/channels", {
    client_id: "team:weavers",
    name: "The weavers of the northern shed and their apprentices",
    bot_id: "default",
  });
  const bind = (body: object) =>
    api("POST", `/api/v1/channels/${id}/integrations`, { integration_type: "github", ...body });
  await bind({ client_id: "github:octo-org/loom", event_filter: ["pull_request", "issues"] });
  await bind({ client_id: "github:octo-org/warp", display_name: "Warp", mirror: false });
  await api("POST", "/api/v1/schedules", {
    channel_id: id,
    name: "What the northern shed has to know before the first shift begins on a workday",
    content: "Which looms stand still, and who mends them?",
    timing: { kind: "cron", cron: "0 6 * * 1-5" },
    timezone: "Asia/Kolkata",
  });
}

const SCRIBE = `import { register } from "heddle/sdk";
register({ name: "scribe_note", description: "Returns a note." }, () => "The shop opens at ten.");
`;
const REPOSITORY = { full_name: "octo-org/loom", name: "loom", owner: { login: "octo-org" } };
const PULL_REQUESTS: [number: number, title: string][] = [
  [41, "Warp tension is read before it is set"],
  [42, "Add dark mode"],
  [
    43,
    "A title that is much longer than any list is wide, because people do write such titles in the evening",
  ],
];

const sendPullRequest = (api: Ui["api"], number: number, title: string) =>
  api("POST", "/api/v1/admin/integrations/github/receive", {
    event: "pull_request",
    delivery: `00000000-0000-4000-8000-0000000000${number}`,
    body: {
      action: "opened",
      number,
      pull_request: {
        number,
        title,
        body: "It was read too early.",
        html_url: `https://github.com/octo-org/loom/pull/${number}`,
        user: { login: "alice" },
        head: { ref: "tension", sha: "0".repeat(40) },
        base: { ref: "main" },
      },
      repository: REPOSITORY,
      sender: { login: "alice" },
    },
  });
