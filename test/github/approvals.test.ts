// Calls that wait for a person, asked and answered in the comments of an issue.

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { v7 } from "uuid";
import { createDispatchers } from "../../src/dispatch/registry.ts";
import { HeddleError } from "../../src/errors.ts";
import { dispatchContext } from "../../src/sdk/testing.ts";
import { createMemoryStore } from "../../src/sdk/testing-store.ts";
import type { AskApprovalInput, AskedApproval, GivenDecision } from "../../src/sdk/types.ts";
import { createFakeGitHub, type FakeGitHub } from "./fake-github.ts";
import { type LoadedBuiltin, loadBuiltin } from "./load-builtin.ts";

const SECRET = "a secret of the webhook";
const TARGET = {
  owner: "octo",
  repo: "hello",
  comment_target: { type: "issue_comment" as const, issue_number: 7 },
};
const ISSUE = "octo/hello#7";
const ANN = { login: "Ann-Lee", id: 11, type: "User" };

let github: FakeGitHub;
let loaded: LoadedBuiltin;
const dispatchers = createDispatchers({});
let decisions: [string, GivenDecision][] = [];
let refusal: HeddleError | undefined;

beforeAll(async () => {
  github = createFakeGitHub();
  loaded = await loadBuiltin(
    "github",
    {
      store: createMemoryStore(),
      getSetting: (key) =>
        ({ GITHUB_TOKEN: "t", GITHUB_WEBHOOK_SECRET: SECRET, GITHUB_API_URL: github.url })[key],
      server: {
        baseUrl: () => "https://heddle.example",
        integrationId: () => "github",
        webhookPath: () => undefined,
      },
      controls: {
        decide: async (id: string, decision: GivenDecision) => {
          if (refusal) throw refusal;
          decisions.push([id, decision]);
          return {
            status: decision.approved ? "approved" : "denied",
            decided_by_name: null,
            decided_at: null,
          };
        },
      } as never,
    },
    dispatchers,
  );
});
afterAll(async () => {
  await loaded.close();
  await github.close();
});
beforeEach(() => {
  github.comments.length = 0;
  decisions = [];
  refusal = undefined;
});

const asked = (more: Partial<AskedApproval> = {}): AskedApproval => ({
  id: v7(),
  tool: "deploy",
  arguments: { place: "production" },
  policy: "Deployments",
  reason: "They cannot be undone.",
  approvers: ["key:bob", "github:ann-lee", "github:id:77"],
  expires_at: new Date(Date.now() + 600_000).toISOString(),
  status: "pending",
  decided_by: null,
  decided_at: null,
  ...more,
});

async function ask(approval: AskedApproval, more: Partial<AskApprovalInput> = {}) {
  const input = {
    approval,
    text: "",
    config: TARGET,
    dispatchConfig: { type: "github", ...TARGET },
    botId: "keeper",
    sessionId: v7(),
    ...more,
  };
  const ctx = dispatchContext({ delivery_id: v7(), attempt: 1, signal: AbortSignal.timeout(20_000) });
  const made = (await dispatchers.get("github")?.askApproval?.(input, ctx)) as { receipt: unknown };
  return made.receipt;
}

/** Sends the webhook of a comment. */
async function comment(
  body: string,
  more: { user?: object; sender?: object; issue?: number; app?: object } = {},
) {
  const { user = ANN, sender = user, issue = 7, app = null } = more;
  const payload = JSON.stringify({
    action: "created",
    issue: { number: issue, title: "A fault", user: { login: "alice" } },
    comment: { id: 1, body, user, performed_via_github_app: app },
    repository: { full_name: "octo/hello" },
    sender,
  });
  const response = await loaded.handle(
    new Request("http://localhost/webhook", {
      method: "POST",
      body: payload,
      headers: {
        "content-type": "application/json",
        "x-github-event": "issue_comment",
        "x-github-delivery": v7(),
        "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(payload).digest("hex")}`,
      },
    }),
  );
  return { status: response.status, ...((await response.json()) as object) };
}

test("a comment asks, a comment of a person who is named decides, and the question says who it was", async () => {
  const approval = asked();
  const receipt = await ask(approval);
  const [question] = github.commentsOn(ISSUE);
  expect(question?.body).toContain(
    '**keeper wants to call `deploy`.** May it?\n\n```json\n{\n  "place": "production"\n}\n```',
  );
  expect(question?.body).toContain("Policy: Deployments. They cannot be undone.");
  expect(question?.body).toContain("@ann-lee, user id:77: answer until");
  expect(question?.body).toContain(`(https://heddle.example/approvals/${approval.id})`);
  expect(question?.body).toContain(`    /approve ${approval.id}\n    /deny ${approval.id}`);
  // The login is not case-sensitive at GitHub; what decides is the name in the policy.
  expect(await comment(`/deny ${approval.id} not on a Friday\n\nAnn`)).toMatchObject({
    status: "processed",
    decision: "denied",
  });
  expect(decisions).toEqual([
    [approval.id, { approved: false, by: { id: "ann-lee", name: "Ann-Lee" }, note: "not on a Friday Ann" }],
  ]);
  await comment(` /approve ${approval.id.toUpperCase()} `, { user: { login: "z", id: 77, type: "User" } });
  expect(decisions.at(-1)).toEqual([approval.id, { approved: true, by: { id: "id:77", name: "z" } }]);
  const decided = {
    status: "denied" as const,
    decided_by: "Ann-Lee",
    decided_at: "2026-11-29T04:00:12.000Z",
  };
  await ask({ ...approval, ...decided }, { receipt });
  expect(github.commentsOn(ISSUE)).toHaveLength(1);
  expect(github.commentsOn(ISSUE)[0]?.body).toEndWith("❌ Denied by Ann-Lee, 2026-11-29 04:00 UTC.");
  expect(await comment(`/approve ${approval.id}`)).toMatchObject({
    status: "ignored",
    reason: "not_asked_here",
  });
});

test("nobody else decides, and not from elsewhere, by a program, or with an id that was not asked", async () => {
  const approval = asked();
  await ask(approval);
  const line = `/approve ${approval.id}`;
  const mallory = { login: "mallory", id: 66, type: "User" };
  const refused: [Parameters<typeof comment>[1], string, string?][] = [
    [{ user: mallory }, "not_an_approver"],
    // Whoever changes another's comment is not its author.
    [{ user: ANN, sender: mallory }, "not_an_approver"],
    [{ user: { ...ANN, type: "Bot" } }, "not_an_approver"],
    [{ app: { id: 5 } }, "not_an_approver"],
    [{ user: { login: "77", id: 66, type: "User" } }, "not_an_approver"],
    [{ issue: 8 }, "not_asked_here"],
    [{}, "not_asked_here", `/approve ${v7()}`],
  ];
  for (const [more, reason, text = line] of refused) {
    expect(await comment(text, more)).toMatchObject({ status: "ignored", reason });
  }
  expect(decisions).toEqual([]);
  for (const code of ["conflict", "forbidden"] as const) {
    refusal = new HeddleError(code, "No.");
    expect(await comment(line)).toMatchObject({ status: "ignored", reason: code });
  }
});

test("people are only asked where the policy names some of GitHub, and about what they can read", async () => {
  expect(await ask(asked({ approvers: [] }))).toEqual({ skipped: expect.stringContaining("names nobody") });
  expect(await ask(asked({ arguments: { text: "x".repeat(20_000) } }))).toEqual({
    skipped: expect.stringContaining("too long"),
  });
  expect(github.comments).toEqual([]);
  await ask(asked({ arguments: { text: "a\n```\n**Approved** \u202eabc" } }));
  expect(github.comments[0]?.body).toContain(
    '````json\n{\n  "text": "a\\n```\\n**Approved** \\u202eabc"\n}\n````',
  );
});

test("a question that was deleted meanwhile is no failure", async () => {
  const approval = asked({ status: "approved", decided_by: "Bob" });
  expect(await ask(approval, { receipt: { comment_ids: [4] } })).toEqual({ skipped: "the comment is gone" });
  expect(await ask(approval, { receipt: null })).toEqual({ skipped: "nobody was asked here" });
});
