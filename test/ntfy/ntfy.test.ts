// Notifications, files, approvals and messages of topics, against a fake ntfy server.

import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import "../../integrations/ntfy/dispatcher.ts";
import "../../integrations/ntfy/listeners.ts";
import { store } from "heddle/sdk";
import {
  correct,
  deliver,
  dispatchContext,
  fakeHeddle,
  registered,
  startListener,
  streamTo,
  useServer,
  useSettings,
  withdraw,
} from "heddle/sdk/testing";
import { integration } from "../../integrations/ntfy/hooks.ts";
import { router } from "../../integrations/ntfy/router.ts";
import { guessable, warningOf } from "../../integrations/ntfy/topic.ts";
import { createFakeNtfy, type FakeNtfy, USER } from "../fakes/ntfy.ts";
import { until } from "../until.ts";

const decided: unknown[] = [];
const heddle = fakeHeddle({
  controls: {
    decide: async (_id: string, decision: { approved: boolean }) => {
      decided.push(decision);
      return { status: decision.approved ? "approved" : "denied", decided_by_name: null, decided_at: null };
    },
  } as never,
});
let ntfy: FakeNtfy;
beforeEach(() => {
  ntfy = createFakeNtfy({ token: "tk_secret" });
  useSettings({
    NTFY_URL: ntfy.url,
    NTFY_TOKEN: "tk_secret",
    ...{ NTFY_USER: undefined, NTFY_PASSWORD: undefined },
    NTFY_LISTEN: "ops",
    NTFY_STREAM: undefined,
  });
  useServer({ baseUrl: "https://heddle.example", integrationId: "ntfy" } as never);
});
afterEach(async () => {
  await ntfy.close();
  heddle.clear();
});
afterAll(() => {
  heddle.restore();
  useServer(undefined);
});

test("an answer is a notification; a failure has a higher priority", async () => {
  const { receipt } = await deliver(
    "ntfy",
    { topic: "ops", tags: ["tada"], click: "https://a.example" },
    "**Done**",
  );
  const [shown] = ntfy.shown("ops");
  expect(shown).toMatchObject({ message: "**Done**", tags: ["heddle", "tada"], click: "https://a.example" });
  expect(receipt).toEqual({ ids: [shown?.id], text: "task-1" });
  await deliver("ntfy", { topic: "other" }, "The model is away", { isError: true });
  expect(ntfy.shown("other")).toMatchObject([{ priority: 4, tags: ["heddle", "warning"] }]);
});

/** As ntfy was before 2.16. */
async function useOldServer(): Promise<void> {
  await ntfy.close();
  ntfy = createFakeNtfy({ token: "tk_secret", canUpdate: false });
  useSettings({ NTFY_URL: ntfy.url });
}
const said = (topic = "ops") => ntfy.shown(topic).map(({ message }) => message);
const files = [{ type: "upload_file", filename: "a.txt", data: Buffer.from("a").toString("base64") }];

test("a run that is delivered again replaces its notification, if the server can", async () => {
  await deliver("ntfy", { topic: "ops" }, "one");
  await deliver("ntfy", { topic: "ops" }, "two");
  expect(said()).toEqual(["two"]);
  await useOldServer();
  await deliver("ntfy", { topic: "ops" }, "one");
  await deliver("ntfy", { topic: "ops" }, "two");
  expect(said()).toEqual(["one", "two"]);
});

test("an answer is corrected and withdrawn, with its files", async () => {
  const { receipt } = await deliver("ntfy", { topic: "ops" }, "one", { clientActions: files });
  expect(said()).toEqual(["one", "You received a file: a.txt"]);
  const corrected = await correct("ntfy", { topic: "ops" }, receipt, "two");
  expect(said().toSorted()).toEqual(["You received a file: a.txt", "two"]);
  expect(await correct("ntfy", { topic: "ops" }, corrected.receipt, "long ".repeat(1_000))).toMatchObject({
    receipt: { text: "task-1", files: ["task-1-0"] },
  });
  expect(
    ntfy
      .shown("ops")
      .map(({ attachment }) => attachment?.name)
      .toSorted(),
  ).toEqual(["a.txt", "answer.md"]);
  await withdraw("ntfy", { topic: "ops" }, corrected.receipt);
  expect(said()).toEqual([]);
  // Somebody has swiped it away meanwhile.
  await withdraw("ntfy", { topic: "ops" }, corrected.receipt);
});

test("a server that cannot replace is not sent a second notification in place of a correction", async () => {
  await useOldServer();
  const { receipt } = await deliver("ntfy", { topic: "ops" }, "one");
  const refused = { status: "dead", error: { message: expect.stringContaining("version 2.16") } };
  expect(await correct("ntfy", { topic: "ops" }, receipt, "two")).toMatchObject(refused);
  expect(await withdraw("ntfy", { topic: "ops" }, receipt)).toMatchObject(refused);
  expect(said()).toEqual(["one"]);
});

test("while it is written, an answer is one silent notification, which the answer replaces", async () => {
  const tools = [{ name: "look", status: "running" as const, progress: "2 of 3" }];
  const updates = [{}, { tools }, { text: "Half" }, { text: "x".repeat(9_000) }];
  expect((await streamTo("ntfy", { topic: "ops" }, updates)).handle).toBeUndefined();
  useSettings({ NTFY_STREAM: "true" });
  const { handle } = await streamTo("ntfy", { topic: "ops" }, updates);
  expect(ntfy.kept("ops").map(({ message, priority }) => [message.slice(0, 12), priority])).toEqual([
    ["look: 2 of 3", 1],
    ["Half", 1],
    [`…${"x".repeat(11)}`, 1],
  ]);
  expect(ntfy.shown("ops")).toHaveLength(1);
  await deliver("ntfy", { topic: "ops" }, "Whole", { streamed: handle });
  expect(ntfy.shown("ops")).toMatchObject([{ message: "Whole" }]);
  expect(ntfy.shown("ops")[0]?.priority).toBeUndefined();
  await streamTo("ntfy", { topic: "ops" }, updates);
  await deliver("ntfy", { topic: "ops" }, "", { streamed: handle });
  expect(said()).toEqual([]);
  await useOldServer();
  const old = await streamTo("ntfy", { topic: "ops" }, updates);
  await deliver("ntfy", { topic: "ops" }, "", { streamed: old.handle });
  expect(ntfy.kept("ops")).toHaveLength(1);
});

test("a message that takes the place of another, and a deletion, are told and start no run", async () => {
  const listener = startListener("topics");
  await listener.reported;
  const first = ntfy.say("ops", "10 %", { sequence_id: "download" });
  await until(() => heddle.messages.length === 1);
  ntfy.tellAgain(first);
  ntfy.say("ops", "20 %", { sequence_id: "download" });
  ntfy.unsay("ops", "download");
  ntfy.unsay("ops", "unknown");
  const other = ntfy.say("ops", "Something else");
  ntfy.say("ops", "Something better", { sequence_id: other });
  await until(() => heddle.messages.length === 5);
  await listener.stop();
  expect(heddle.messages.map(({ content, runAgent = false }) => [content, runAgent])).toEqual([
    ["10 %", true],
    ["An earlier message was replaced, and now reads: 20 %", false],
    ["This message was deleted: 20 %", false],
    ["Something else", true],
    ["An earlier message was replaced, and now reads: Something better", false],
  ]);
});

test("images of an answer are links", async () => {
  await deliver("ntfy", { topic: "ops" }, "See ![it](https://evil.example/?q=1).");
  expect(ntfy.shown("ops").map(({ message }) => message)).toEqual(["See [it](https://evil.example/?q=1)."]);
});

test("a long answer and files of tools are attachments, uploaded as bytes", async () => {
  const long = "Größe ".repeat(1_000);
  const data = Buffer.from("png").toString("base64");
  await deliver("ntfy", { topic: "ops", title: "Überblick" }, long, {
    clientActions: [{ type: "upload_image", filename: "door ü.png", caption: "The door", data }],
  });
  const [answer, picture] = ntfy.shown("ops");
  expect(answer).toMatchObject({ title: "Überblick", attachment: { name: "answer.md" } });
  expect([...ntfy.files.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual([long, "png"]);
  expect(picture).toMatchObject({ message: "The door", attachment: { name: "door ü.png" } });
});

test("a limit waits as long as the server says; a topic that cannot be is refused at once", async () => {
  ntfy.refuse(429, { "retry-after": "60" });
  expect(await deliver("ntfy", { topic: "ops" }, "Hi")).toMatchObject({ status: "delivered", waits: [60] });
  await expect(deliver("ntfy", { topic: "a/b" }, "Hi")).rejects.toThrow("topic");
});

test("messages go to the bot, once and over a cut connection; its own do not", async () => {
  const listener = startListener("topics");
  await listener.reported;
  ntfy.say("ops", "How full is the disk?");
  await until(() => heddle.messages.length === 1);
  await deliver("ntfy", { topic: "ops" }, "Half.");
  ntfy.cut();
  for (let number = 0; number < 20; number += 1) ntfy.say("ops", `Question ${number}`);
  const again = startListener("topics");
  await until(() => heddle.messages.length === 21);
  expect(heddle.messages[0]).toMatchObject({
    content: "How full is the disk?",
    dispatchConfig: { type: "ntfy", topic: "ops" },
  });
  expect(heddle.messages.map(({ content }) => content)).not.toContain("Half.");
  expect(ntfy.subscriptions[1]?.since).toStartWith("msg");
  await again.stop();
  await listener.stop().catch(() => {});
});

test("a user with a password signs in as well as a token", async () => {
  useSettings({ NTFY_TOKEN: undefined, NTFY_USER: USER.name, NTFY_PASSWORD: USER.password });
  await deliver("ntfy", { topic: "ops" }, "Hi");
  expect(ntfy.shown("ops").map(({ message }) => message)).toEqual(["Hi"]);
  const listener = startListener("topics");
  await listener.reported;
  await listener.stop();
});

test("an address with a password goes on where an earlier version was, and is stored nowhere", async () => {
  const withPassword = ntfy.url.replace("//", `//${USER.name}:secret-of-the-url@`);
  const missed = ntfy.say("ops", "Said meanwhile.");
  const before = ntfy.say("ops", "Said before.");
  await store.set(`last:${withPassword}:ops`, missed);
  useSettings({ NTFY_URL: withPassword });
  const listener = startListener("topics");
  await until(
    () => heddle.messages.map(({ content }) => content),
    (said) => said.includes("Said before."),
  );
  await listener.stop();
  expect(ntfy.subscriptions.at(-1)?.since).toBe(missed);
  const stored = await store.list({ prefix: "last:" });
  expect(JSON.stringify(stored)).not.toContain("secret-of-the-url");
  expect(stored.map(({ value }) => value)).toEqual([before]);
});

test.each<[Record<string, string | undefined>, string]>([
  [{ NTFY_TOKEN: "tk_wrong" }, "NTFY_TOKEN"],
  [{ NTFY_TOKEN: undefined, NTFY_USER: USER.name, NTFY_PASSWORD: "wrong" }, "NTFY_USER and NTFY_PASSWORD"],
  [{ NTFY_TOKEN: undefined }, "everybody"],
])("who may not read is told which settings to look at: %p", async (given, named) => {
  useSettings(given);
  const error = { name: "ReauthRequired", message: expect.stringContaining(named) };
  await expect(startListener("topics").reported).rejects.toMatchObject(error);
  if (named === "everybody") return;
  const signal = new AbortController().signal;
  await expect((async () => integration.testConnection?.({ signal }))()).rejects.toMatchObject(error);
});

const approval = {
  ...{ id: "019aacc5-7d3e-7d31-a6a3-f5d4be1f2f7c", tool: "open_door", arguments: { door: 1 }, policy: "ask" },
  ...{ reason: null, approvers: ["ntfy:ops"], expires_at: "2030-01-01T00:00:00Z", decided_at: null },
};
const ask = (fields: object) => {
  const config = { topic: "ops" };
  const input = { approval: { ...approval, ...fields }, text: "?", config, botId: "default" };
  return registered()
    .dispatchers.get("ntfy")
    .askApproval?.(input as never, dispatchContext());
};
const press = (url = "") =>
  router.handle(new Request(url.replace("/integrations/ntfy", ""), { method: "POST" }));

test("an approval has two buttons, of which one can be pressed once", async () => {
  await ask({ status: "pending", decided_by: null });
  const [question] = ntfy.shown("ops");
  expect(question).toMatchObject({ priority: 4, actions: [{ label: "Approve" }, { label: "Deny" }] });
  const [yes, no] = question?.actions ?? [];
  expect((await press(`${yes?.url}x`)).status).toBe(410);
  expect(await (await press(no?.url)).json()).toEqual({ status: "denied" });
  expect(heddle.connections).toEqual([
    {
      name: "links",
      status: "connected",
      detail: expect.stringMatching(/^the last one was opened 20.* UTC$/),
    },
  ]);
  expect((await press(no?.url)).status).toBe(410);
  expect((await press(yes?.url)).status).toBe(410);
  expect(decided).toEqual([{ approved: false, by: { id: "ops", name: "a subscriber of ops" } }]);
  await ask({ status: "denied", decided_by: "a subscriber of ops", decided_at: "2026-11-29T04:00:12.000Z" });
  expect(ntfy.shown("ops")).toMatchObject([
    { message: expect.stringContaining("denied by a subscriber of ops, 2026-11-29 04:00 UTC.") },
  ]);
});

test("a topic that the policy does not name is not told what it is about", async () => {
  await ask({ status: "pending", approvers: ["key:admin"] });
  const [notice] = ntfy.shown("ops");
  expect(notice?.actions).toBeUndefined();
  expect(notice?.message).toBe(
    `default waits for a person who decides in Heddle. https://heddle.example/approvals/${approval.id}`,
  );
});

test("a test of the connection names the server that does not answer", async () => {
  await ntfy.close();
  const { signal } = new AbortController();
  const check = async () => registered().integration?.testConnection?.({ signal });
  await expect(check()).rejects.toThrow(
    `The ntfy server cannot be reached: nothing answers at ${new URL(ntfy.url).host} (`,
  );
});

test("a topic of the public server whose name can be guessed is pointed out", () => {
  useSettings({ NTFY_URL: "https://ntfy.sh", NTFY_TOKEN: undefined });
  expect(guessable(["ops", "a-long-name-without-any-number", "3f9c1b7a2d4e5f60"])).toEqual([
    "ops",
    "a-long-name-without-any-number",
  ]);
  expect(warningOf(["ops"])).toContain("Anybody who guesses the name ops can read and write there");
  expect(warningOf(["3f9c1b7a2d4e5f60"])).toBe("");
  // Whoever has an account can reserve a name, and on one's own server nobody else is.
  useSettings({ NTFY_TOKEN: "tk_secret" });
  expect(guessable(["ops"])).toEqual([]);
  useSettings({ NTFY_URL: "https://ntfy.example", NTFY_TOKEN: undefined });
  expect(guessable(["ops"])).toEqual([]);
});
