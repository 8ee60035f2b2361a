// Slack at a whole server: Socket Mode and HTTP against a strict fake, a process that is killed, and a connection that falls silent.

import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { signWebhook } from "../../src/sdk/index.ts";
import { eachDatabase } from "../database.ts";
import { type CuttingProxy, startCuttingProxy } from "../fakes/slack/cutting-proxy.ts";
import { envelopeOf, type FakeSlack, startFakeSlack } from "../fakes/slack/fake-slack.ts";
import { ADA, APP_TOKEN, BOT, BOT_TOKEN, DIRECT, GENERAL, SIGNING_SECRET, TEAM } from "../fakes/slack/ids.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, lapse, launch } from "../faults/process.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);

eachDatabase("Slack", (open) => {
  let slack: FakeSlack;
  let proxy: CuttingProxy;
  let model: LLMock;
  let home: string;
  let environment: Record<string, string>;
  let heddle: HeddleProcess;
  let url: string;
  let database: string | undefined;

  beforeAll(async () => {
    slack = startFakeSlack();
    proxy = await startCuttingProxy(Number(new URL(slack.url).port));
    slack.socketUrl = `ws://127.0.0.1:${proxy.port}`;
    model = new LLMock({ port: 0, journalMaxEntries: 50 });
    model.on({}, (request) => {
      const said = request.messages.filter(({ role }) => role === "user").at(-1)?.content;
      // What others wrote is between two lines that say so.
      const line = String(said)
        .split("\n")
        .find((one) => one !== "" && !one.startsWith("[outside"));
      return { content: `Answer to: ${line}` };
    });
    await model.start();
    home = await mkdtemp(join(tmpdir(), "heddle-slack-"));
    ({ databaseUrl: database } = await open.place());
    environment = {
      ...(database !== undefined && { DATABASE_URL: database }),
      ...{ HEDDLE_HOME: home, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0", OPENAI_BASE_URL: `${model.url}/v1` },
      ...{ SLACK_API_URL: `${slack.url}/api/`, SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_APP_TOKEN: APP_TOKEN },
      ...{ SLACK_SIGNING_SECRET: SIGNING_SECRET },
    };
    await start();
  });
  beforeEach(() => connected());
  afterAll(async () => {
    await killAll();
    await model.stop();
    proxy.stop();
    slack.stop();
    await rm(home, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    heddle = launch({ environment });
    url = await heddle.started;
  }
  const connection = async () =>
    (await ask(url, "/api/v1/integrations/slack/connections")).connections[0] as
      | { status: string; detail: string }
      | undefined;
  const connected = () => until(connection, (found) => found?.status === "connected");
  const admin = (path: string, body: object, method = "POST") =>
    fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
    }).then((answer) => answer.json() as any);
  const mention = (text: string, more: object = {}) => slack.write(ADA, GENERAL, `<@${BOT}> ${text}`, more);
  const answers = (thread: string | undefined, channel = GENERAL) =>
    slack.messages.filter(
      (one) => one.user === BOT && !one.streaming && one.channel === channel && one.thread_ts === thread,
    );
  /** The answers of the bot, once nothing is left to send. */
  const answered = (thread: string | undefined, count = 1, channel = GENERAL) =>
    until(
      () => answers(thread, channel),
      (found) => found.filter(({ text }) => text.startsWith("Answer")).length >= count,
    );

  test("a mention is answered in its thread, which goes on without mentions; other talk is not answered", async () => {
    slack.write(ADA, GENERAL, "Nobody is asked here.");
    const first = mention("What is &lt;up&gt;?");
    const [answer] = await answered(first);
    expect(answer?.text).toBe("Answer to: What is <up>?");
    slack.write(ADA, GENERAL, "And now?", { thread_ts: first, parent_user_id: ADA });
    expect((await answered(first, 2)).map(({ text }) => text)).toEqual([
      "Answer to: What is <up>?",
      "Answer to: And now?",
    ]);
    const { channels } = await ask(url, "/api/v1/channels");
    const ids = channels.map(({ client_id }: { client_id: string }) => client_id);
    expect(ids).toContain(`slack:${TEAM}:${GENERAL}:${first}`);
    expect(slack.messages.filter(({ text }) => text.includes("Nobody is asked")).length).toBe(1);
    const asked = await until(
      () => slack.messages.find(({ ts }) => ts === first)?.reactions ?? [],
      (marks) => marks.includes("white_check_mark"),
    );
    expect(asked).toEqual(["white_check_mark"]);
  });

  test("a thread that others began is read first, and a direct message needs no mention", async () => {
    const parent = slack.write(ADA, GENERAL, "The printer is on fire.");
    mention("What shall we do?", { thread_ts: parent, parent_user_id: ADA });
    await answered(parent);
    const client = `slack:${TEAM}:${GENERAL}:${parent}`;
    const { channels } = await ask(url, "/api/v1/channels");
    const channel = channels.find(({ client_id }: { client_id: string }) => client_id === client);
    const messages = await ask(url, `/api/v1/sessions/${channel.active_session_id}/messages`);
    expect(JSON.stringify(messages)).toContain("Ada: The printer is on fire.");
    slack.files.set("F1", { name: "no.png", bytes: new TextEncoder().encode("not a picture") });
    const file = { id: "F1", name: "no.png", mimetype: "image/png", size: 13 };
    slack.write(ADA, DIRECT, "Hello", { files: [{ ...file, url_private: `${slack.url}/files/F1` }] });
    expect((await answered(undefined, 1, DIRECT))[0]?.text).toBe("Answer to: Hello");
  });

  test("over HTTP a request must be signed, and one that is sent twice is taken once", async () => {
    const send = (body: string, secret = SIGNING_SECRET) =>
      fetch(`${url}/integrations/slack/webhook`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...signWebhook(body, { scheme: "slack", secret }),
        },
        body,
      });
    const challenge = JSON.stringify({ type: "url_verification", challenge: "abc" });
    expect(await (await send(challenge)).json()).toEqual({ challenge: "abc" });
    expect((await send(challenge, "another")).status).toBe(403);
    const ts = slack.nextTs();
    const event = { type: "app_mention", channel: GENERAL, user: ADA, text: `<@${BOT}> By HTTP`, ts };
    slack.messages.push({ ...event, edits: [], reactions: [], cards: {} });
    const body = JSON.stringify(envelopeOf(event));
    expect(await (await send(body)).json()).toMatchObject({ status: "processed", duplicate: false });
    expect(await (await send(body)).json()).toMatchObject({ status: "processed", duplicate: true });
    await answered(ts);
  });

  test("the guide's dispatch_config works literally, with a sealed token; refusals are told apart", async () => {
    const thread = slack.write(ADA, GENERAL, "A thread");
    const target = { type: "slack", channel_id: GENERAL, token: BOT_TOKEN, thread_ts: thread };
    const { session_id } = await admin("/sessions", {
      ...{ client_id: "github:octo/hello", bot_id: "default" },
      dispatch_config: { ...target, reply_in_thread: true },
    });
    expect(JSON.stringify(await ask(url, `/api/v1/sessions/${session_id}`))).not.toContain(BOT_TOKEN);
    slack.refuse.push({ method: "chat.postMessage", error: "ratelimited", retryAfter: 1 });
    const say = (more: object = {}) =>
      admin(`/sessions/${session_id}/messages`, { content: "Guide", run_agent: true, notify: true, ...more });
    await say();
    await answered(thread);
    await say({ dispatch_config: { type: "slack", channel_id: "C0NOWHERE" } });
    const dead = await until(
      async () => (await ask(url, "/api/v1/deliveries?status=dead")).deliveries,
      (found) => found.length > 0,
    );
    expect(dead[0].last_error).toContain("channel_not_found");
    expect(dead[0].attempts).toBe(1);
  });

  test("kill -9 between the event and the answer loses nothing and doubles nothing", async () => {
    const threads = Array.from({ length: 2 }, (_, n) => mention(`Before the end ${n}`));
    heddle.kill("SIGKILL");
    await heddle.ended;
    const away = mention("While it was away");
    const before = slack.connections;
    await start();
    if (database) await lapse(database);
    await until(
      () => slack.connections,
      (count) => count > before,
    );
    slack.sendAgain();
    for (const thread of [...threads, away]) await answered(thread);
    for (const thread of [...threads, away]) expect(answers(thread).length).toBe(1);
  });

  test("a connection whose network vanishes is noticed and made again, and what came meanwhile is answered", async () => {
    expect((await connected())?.detail).toBe("as heddle in Test Team");
    const before = slack.connections;
    proxy.cut();
    const meanwhile = mention("Can you hear me?");
    await until(
      () => slack.connections,
      (count) => count > before,
    );
    await connected();
    slack.sendAgain();
    await answered(meanwhile);
    const tested = await admin("/admin/integrations/slack/test-connection", {});
    expect(JSON.stringify(tested)).toContain("Socket Mode works.");
  });
});
