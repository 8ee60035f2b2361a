import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import githubCom from "@octokit/webhooks-examples/api.github.com/index.json";
import { count, eq } from "drizzle-orm";
import { v7 } from "uuid";
import { messages, sessions, tasks } from "../../src/db/schema.ts";
import { checkSdkCall } from "../../src/http/api/sdk-checks.ts";
import { createSdkServices } from "../../src/integrations/loading/sdk-services.ts";
import { createMemoryStore } from "../../src/sdk/testing-store.ts";
import { createDocuments } from "../../src/search/documents.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { type LoadedBuiltin, loadBuiltin } from "./load-builtin.ts";

const SECRET = "a secret of the webhook";
const URL = "http://localhost/webhook";

const DEFAULTS: Record<string, string> = { GITHUB_WEBHOOK_SECRET: SECRET, GITHUB_BOT_LOGIN: "Heddle-Bot" };
let settings = { ...DEFAULTS };
beforeEach(() => {
  settings = { ...DEFAULTS };
});

const sign = (body: string, secret = SECRET) =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** A signed webhook; a header set to "" is left out. */
function webhook(event: string, payload: unknown, headers: Record<string, string> = {}): Request {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  const all: Record<string, string> = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": v7(),
    "x-hub-signature-256": sign(body),
    ...headers,
  };
  const sent = Object.entries(all).filter(([, value]) => value !== "");
  return new Request(URL, { method: "POST", body, headers: Object.fromEntries(sent) });
}

const ISSUE = {
  action: "opened",
  issue: { number: 7, title: "It fails", user: { login: "alice" }, labels: [], body: "Text" },
  repository: { full_name: "octo/hello" },
  sender: { login: "alice" },
};
const PUSH = { ref: "refs/heads/main", commits: [], pusher: { name: "alice" }, repository: ISSUE.repository };

eachDatabase("the webhook of integrations/github", (open) => {
  let db: TestDatabase;
  let github: LoadedBuiltin;
  let fixture: Awaited<ReturnType<typeof createSessionsFixture>>;

  beforeAll(async () => {
    db = await open();
    const meta = { integrationType: "github", clientIdPrefix: "github:" };
    fixture = await createSessionsFixture(db, {}, [meta]);
    const services = createSdkServices("github", {
      sessions: fixture.sessions,
      documents: createDocuments({ db }),
      settings: { get: () => undefined },
      store: { of: () => createMemoryStore() },
      askAsCaller: () => undefined,
      publish: async () => {},
      connections: { report: async () => {} },
      addSecret: () => {},
      allowPrivateHosts: [],
      check: checkSdkCall,
      controls: {} as never,
      people: {} as never,
      baseUrl: () => undefined,
    });
    const getSetting = (key: string) => settings[key];
    github = await loadBuiltin("github", { ...services, getSetting }, fixture.dispatchers);
  });
  afterAll(() => github.close());

  const post = async (request: Request) => {
    const response = await github.handle(request);
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  };
  const stored = async () => (await db.query.select({ n: count() }).from(messages))[0]?.n ?? 0;

  describe("refuses", () => {
    const noSecret = () => {
      settings.GITHUB_WEBHOOK_SECRET = "";
      return webhook("issues", ISSUE, { "x-hub-signature-256": sign(JSON.stringify(ISSUE), "anything") });
    };
    test.each([
      ["without a secret", noSecret, 403],
      ["no signature", () => webhook("issues", ISSUE, { "x-hub-signature-256": "" }), 403],
      [
        "another's signature",
        () => webhook("issues", ISSUE, { "x-hub-signature-256": sign("{}", "x") }),
        403,
      ],
      [
        "a signature of another scheme",
        () => webhook("issues", ISSUE, { "x-hub-signature-256": "sha1=00" }),
        403,
      ],
      ["no event", () => webhook("", ISSUE), 400],
      ["no delivery id", () => webhook("issues", ISSUE, { "x-github-delivery": "" }), 400],
      ["an empty body", () => webhook("issues", ""), 400],
      ["no JSON", () => webhook("issues", "{"), 400],
      ["no object", () => webhook("issues", "[1]"), 400],
      ["another content type", () => webhook("issues", ISSUE, { "content-type": "text/plain" }), 415],
    ])("%s", async (_, request, status) => {
      const before = await stored();
      const refused = await post(request());
      expect(refused.status).toBe(status);
      expect(refused.answer).toMatchObject({
        error: { code: expect.any(String), message: expect.any(String) },
      });
      expect(await stored()).toBe(before);
    });

    test("the former secret, once it is not set any more", async () => {
      const signedBefore = () =>
        webhook("ping", { zen: "x" }, { "x-hub-signature-256": sign('{"zen":"x"}', "the former one") });
      settings.GITHUB_OLD_WEBHOOK_SECRET = "the former one";
      expect(await post(signedBefore())).toMatchObject({ status: 200, answer: { status: "pong" } });
      settings.GITHUB_OLD_WEBHOOK_SECRET = "";
      expect((await post(signedBefore())).status).toBe(403);
    });

    test("a bot that does not exist", async () => {
      settings.GITHUB_BOT_ID = "nobody";
      expect(await post(webhook("issues", ISSUE))).toMatchObject({
        status: 400,
        answer: { error: { code: "unknown_bot" } },
      });
    });
  });

  describe("ignores", () => {
    const comment = (login: string, body = "Hello") => ({
      action: "created",
      issue: ISSUE.issue,
      comment: { user: { login }, body },
      repository: ISSUE.repository,
      sender: { login },
    });
    const self = { status: "ignored", event: "issue_comment", reason: "bot_self" };
    test.each([
      ["a ping", () => webhook("ping", { zen: "…" }), { status: "pong" }],
      [
        "another event",
        () => webhook("star", PUSH),
        { status: "ignored", event: "star", reason: "unhandled" },
      ],
      [
        "another action",
        () => webhook("issues", { ...ISSUE, action: "labeled" }),
        { status: "ignored", event: "issues", reason: "unhandled" },
      ],
      [
        "an event without a repository",
        () => webhook("issues", { ...ISSUE, repository: null }),
        { status: "ignored", event: "issues", reason: "unhandled" },
      ],
      ["the bot's own comment", () => webhook("issue_comment", comment("heddle-bot")), self],
      ["the comment of the bot's app", () => webhook("issue_comment", comment("heddle-bot[bot]")), self],
      [
        "a marked comment, whatever the login",
        () => webhook("issue_comment", comment("alice", "<!-- heddle:delivery:1:1 -->\nHello")),
        self,
      ],
    ])("%s", async (_, request, answer) => {
      const before = await stored();
      expect(await post(request())).toEqual({ status: 200, answer });
      expect(await stored()).toBe(before);
    });

    test("but not a login that only starts like the bot's", async () => {
      const { answer } = await post(webhook("issue_comment", comment("heddle-bot-2")));
      expect(answer).toMatchObject({ status: "processed", run_agent: true });
    });
  });

  describe("accepts", () => {
    test("an event to answer: message, task and reply target", async () => {
      const { status, answer } = await post(webhook("issues", ISSUE));
      expect([status, answer]).toEqual([
        200,
        {
          status: "processed",
          event: "issues",
          run_agent: true,
          session_id: expect.any(String),
          task_id: expect.any(String),
          duplicate: false,
        },
      ]);
      const [task] = await db.query
        .select()
        .from(tasks)
        .where(eq(tasks.id, String(answer.task_id)));
      expect(task).toMatchObject({
        bot_id: "default",
        source: "github",
        dispatch_type: "github",
        dispatch_config: {
          owner: "octo",
          repo: "hello",
          comment_target: { type: "issue_comment", issue_number: 7 },
        },
        execution_config: { skills: ["integrations/github/github"], tools: [] },
      });
      const [session] = await db.query
        .select()
        .from(sessions)
        .where(eq(sessions.id, String(answer.session_id)));
      expect(session).toMatchObject({ client_id: "github:octo/hello", dispatch_config: null });
    });

    test("a comment beside code is answered in its conversation, at the first comment of it", async () => {
      const comment = { id: 902, in_reply_to_id: 901, body: "Does this leak?", path: "a.ts", line: 3 };
      const { answer } = await post(
        webhook("pull_request_review_comment", {
          ...{ action: "created", comment: { ...comment, user: { login: "alice" } } },
          ...{
            pull_request: { number: 7, title: "Mend it" },
            repository: ISSUE.repository,
            sender: ISSUE.sender,
          },
        }),
      );
      const [task] = await db.query
        .select()
        .from(tasks)
        .where(eq(tasks.id, String(answer.task_id)));
      expect(task?.dispatch_config).toMatchObject({
        comment_target: { type: "review_comment", issue_number: 7, comment_id: 901 },
      });
      const [message] = await db.query
        .select()
        .from(messages)
        .where(eq(messages.id, String(task?.message_id)));
      expect(message?.metadata).toMatchObject({ github: { on: "review_comment", id: 902, owner: "octo" } });
    });

    test("an event for information: a message in the same session, no task", async () => {
      const issue = await post(webhook("issues", ISSUE));
      const push = await post(webhook("push", PUSH));
      expect(push.answer).toMatchObject({
        run_agent: false,
        task_id: null,
        session_id: issue.answer.session_id,
      });
    });

    test("a form, as GitHub can send it", async () => {
      const body = new URLSearchParams({ payload: JSON.stringify(PUSH) }).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      expect((await post(webhook("push", body, headers))).answer).toMatchObject({ status: "processed" });
    });

    test("a delivery only once, however often and fast it is sent", async () => {
      const headers = { "x-github-delivery": v7() };
      const before = await stored();
      const copies = await Promise.all(
        Array.from({ length: 5 }, () => post(webhook("issues", ISSUE, headers))),
      );
      expect(new Set(copies.map(({ answer }) => answer.task_id)).size).toBe(1);
      expect(copies.filter(({ answer }) => answer.duplicate === false)).toHaveLength(1);
      expect(await stored()).toBe(before + 1);
    });

    test("an event of a repository bound to channels: a message in each, with one reply target", async () => {
      const repository = { full_name: "octo/bound" };
      const channels = [];
      for (const [clientId, event_filter] of [
        ["web:all", null],
        ["web:issues", ["issues"]],
        ["web:pushes", ["push"]],
      ] as const) {
        const { channel } = await fixture.channels.getOrCreate(clientId, {});
        channels.push(channel.id);
        await fixture.bindings.add(channel.id, {
          integration_type: "github",
          client_id: "github:octo/bound",
          event_filter: event_filter && [...event_filter],
        });
      }
      const { answer } = await post(webhook("issues", { ...ISSUE, repository }));
      expect(answer).toMatchObject({ status: "processed", event: "issues", run_agent: true, channels: 2 });
      const results = answer.results as { channel_id: string; task_id: string; duplicate: boolean }[];
      expect(results.map(({ channel_id }) => channel_id)).toEqual(channels.slice(0, 2));
      const types = [];
      for (const { task_id } of results) {
        const [task] = await db.query.select().from(tasks).where(eq(tasks.id, task_id));
        types.push([task?.dispatch_type, task?.mirrors]);
      }
      expect(types).toEqual([
        ["github", []],
        ["none", []],
      ]);
      const push = await post(webhook("push", { ...PUSH, repository }));
      expect(push.answer).toMatchObject({ status: "processed", run_agent: false, channels: 2 });

      await fixture.bindings.delete(channels[0] ?? "", (await bindingOf(channels[0])) ?? "");
      await fixture.bindings.delete(channels[1] ?? "", (await bindingOf(channels[1])) ?? "");
      const before = await stored();
      expect((await post(webhook("issues", { ...ISSUE, repository }))).answer).toEqual({
        status: "filtered",
        event: "issues",
        run_agent: false,
        channels: 0,
        results: [],
      });
      expect(await stored()).toBe(before);
    });
    const bindingOf = async (channelId: string | undefined) =>
      (await fixture.bindings.list(channelId ?? ""))[0]?.id;

    test("every example of @octokit/webhooks-examples", async () => {
      const before = await stored();
      let processed = 0;
      for (const { name, examples } of githubCom as { name: string; examples: object[] }[]) {
        for (const example of examples) {
          const { status, answer } = await post(webhook(name, example));
          expect([name, status]).toEqual([name, 200]);
          if (answer.status === "processed") processed++;
        }
      }
      expect(processed).toBe(36);
      expect(await stored()).toBe(before + processed);
    });
  });
});

describe("what integrations/github declares", () => {
  let github: LoadedBuiltin;
  const asked = new Set<string>();
  const secrets = new Set<string>();
  beforeAll(async () => {
    const getSetting = (key: string) => {
      if (key.startsWith("GITHUB_")) asked.add(key);
      return `value of ${key}`;
    };
    github = await loadBuiltin("github", {
      getSetting,
      addSecret: (value) => void secrets.add(value),
    });
  });
  afterAll(() => github.close());

  test("its manifest names the settings that it reads, and which of them are secret", () => {
    const declared = github.view.setup?.env_vars ?? [];
    // At the start only settings that may be secret are read, so that they can be kept out of logs.
    const keys = declared.map(({ key }) => key);
    expect([...asked].filter((key) => !keys.includes(key))).toEqual([]);
    expect(new Set(github.view.settings.map(({ key }) => key))).toEqual(new Set(keys));
    const secret = declared.filter((setting) => setting.secret);
    expect(new Set(secret.map(({ key }) => `value of ${key}`))).toEqual(secrets);
  });

  test("its webhook needs no API key, and nothing else is public", () => {
    expect(github.view.setup?.webhook?.path).toBe("/integrations/github/webhook");
    expect([github.isPublic("/webhook"), github.isPublic("/other")]).toEqual([true, false]);
  });

  test("eleven tools, one dispatcher, one skill", () => {
    expect(github.view.tools).toHaveLength(11);
    expect(github.view.dispatchers).toEqual(["github"]);
    expect(github.view.skills).toEqual(["integrations/github/github"]);
  });

  test("its prefix, names and attribution", async () => {
    const { meta } = github.view;
    expect(meta).toMatchObject({ integrationType: "github", clientIdPrefix: "github:" });
    const channels = [
      { id: "1", client_id: "github:octo/hello" },
      { id: "2", client_id: "slack:C1" },
    ];
    expect(await meta?.resolveDisplayNames?.(channels)).toEqual({ "1": "octo/hello" });
    expect(await meta?.resolveDispatchConfig?.("github:octo/hello")).toBeNull();
    const config = { github: { github_username: "alice" } };
    expect(meta?.userAttribution?.({ display_name: null, integration_config: config })).toEqual({
      username: "alice",
      icon_url: "https://github.com/alice.png",
    });
    expect(meta?.userAttribution?.({ display_name: null, integration_config: {} })).toEqual({});
  });
});
