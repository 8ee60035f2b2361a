// What the bot posts: formats, limits, streaming, files, approvals.

import { expect, test } from "bun:test";
import { deliver, dispatchContext, registered, streamTo } from "heddle/sdk/testing";
import { toHtml } from "../../integrations/telegram/html.ts";
import { GROUP, messageOf, PERSON } from "../fakes/telegram.ts";
import { parseHtml } from "../fakes/telegram-html.ts";
import { until } from "../until.ts";
import { telegramFixture } from "./fixture.ts";

const decided: unknown[] = [];
const stopped: string[] = [];
const it = telegramFixture({
  controls: {
    decide: async (_id: string, decision: unknown) => {
      decided.push(decision);
      return { status: "approved", decided_by_name: "Anna", decided_at: null };
    },
    cancelTask: async (id: string) => {
      stopped.push(id);
      return "cancelled";
    },
  } as never,
});

const settled = () =>
  until(
    () => it.telegram.waiting(),
    (waiting) => waiting === 0,
  );
/** A group of its own for each test, since what was posted counts for a minute. */
let last = GROUP;
const newGroup = () => {
  last -= 1;
  it.telegram.addChat(last, "supergroup");
  return last;
};
let person = PERSON;
const newPerson = () => {
  person += 1;
  it.telegram.addChat(person, "private");
  return person;
};

test("an answer is a rich message, and in a group a reply", async () => {
  const chat_id = newGroup();
  const { receipt } = await deliver(
    "telegram",
    { chat_id, topic: 5, reply_to: 9 },
    "# Yes\n\n| a | b |\n|---|---|",
  );
  const [shown] = it.telegram.shown(chat_id);
  expect(shown).toMatchObject({ format: "rich", topic: 5, reply_to: 9 });
  expect(receipt).toEqual({ message_ids: [shown?.message_id] });
});

test("what Telegram does not take as rich is HTML in parts, and else plain", async () => {
  const chat_id = newPerson();
  const long = `@@refuse-rich@@ **bold** ${"word ".repeat(1_200)}`;
  await deliver("telegram", { chat_id }, long);
  const parts = it.telegram.shown(chat_id);
  expect(parts.map(({ format }) => format)).toEqual(["HTML", "HTML"]);
  expect(parts[0]?.text).toStartWith("@@refuse-rich@@ bold word");
  const other = newPerson();
  const error = { error_code: 400, description: "Bad Request: can't parse entities: Unsupported start tag" };
  it.telegram.refuse("sendRichMessage", error);
  it.telegram.refuse("sendMessage", error);
  await deliver("telegram", { chat_id: other }, "a **b**");
  expect(it.telegram.shown(other)).toMatchObject([{ format: "plain", text: "a **b**" }]);
});

test("Telegram fetches nothing that an answer links to", async () => {
  const chat_id = newPerson();
  const text = "![x](https://evil.example/?q=1) <img src=https://evil.example/2> https://evil.example/3";
  await deliver("telegram", { chat_id }, text);
  it.telegram.refuse("sendRichMessage", { error_code: 404, description: "Not Found: method not found" });
  await deliver("telegram", { chat_id }, text);
  const calls = ["sendRichMessage", "sendMessage"].flatMap((method) => it.telegram.callsOf(method).slice(-1));
  expect(calls.map(({ fields }) => fields)).toMatchObject([
    {
      rich_message: {
        markdown: "[x](https://evil.example/?q=1) &lt;img src=https://evil.example/2> https://evil.example/3",
      },
    },
    { link_preview_options: { is_disabled: true } },
  ]);
});

test("a server of the Bot API that is older than rich messages gets HTML", async () => {
  const chat_id = newPerson();
  it.telegram.refuse("sendRichMessage", { error_code: 404, description: "Not Found: method not found" });
  await deliver("telegram", { chat_id }, "`<b>` & [x](https://example.com/?a=1&b=2)");
  expect(it.telegram.shown(chat_id)).toMatchObject([{ format: "HTML", text: "<b> & x" }]);
});

test("Telegram takes the HTML that is made of any Markdown", () => {
  const strict = (text: string) =>
    parseHtml(toHtml(text), (why) => {
      throw new Error(`${why}: ${text}`);
    });
  expect(
    strict("## A *b* `c<d>`\n- **x** _y_ ~~z~~\n> q\n```ts\na < b && c\n```\nsnake_case_name 2*3*4"),
  ).toBe("A b c<d>\n• x y z\nq\na < b && c\nsnake_case_name 23" + "4");
  const marks = [
    "**",
    "__",
    "*",
    "_",
    "~~",
    "`",
    "[",
    "](",
    "https://a.b/",
    ")",
    "<",
    "&",
    "> ",
    "\n",
    "| ",
    "```",
    "a",
    " ",
  ];
  let seed = 7;
  for (let round = 0; round < 2_000; round += 1) {
    let text = "";
    for (let length = 0; length < 14; length += 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      text += marks[seed % marks.length];
    }
    strict(text);
  }
});

test("a 429 waits as Telegram says; a chat that is gone ends the delivery", async () => {
  const chat_id = newPerson();
  it.telegram.refuse("sendRichMessage", {
    ...{ error_code: 429, description: "Too Many Requests: retry after 7" },
    parameters: { retry_after: 7 },
  });
  expect(await deliver("telegram", { chat_id }, "Hi")).toMatchObject({
    status: "delivered",
    attempts: 2,
    waits: [7],
  });
  expect(await deliver("telegram", { chat_id: 123_456 }, "Hi")).toMatchObject({
    status: "dead",
    attempts: 1,
  });
});

test("a group gets at most 20 messages a minute", async () => {
  const chat_id = newGroup();
  const { takeTurn } = await import("../../integrations/telegram/pace.ts");
  const { signal } = new AbortController();
  const turns = Array.from({ length: 21 }, () =>
    takeTurn({ chat_id }, AbortSignal.any([signal, AbortSignal.timeout(50)])),
  );
  const results = await Promise.allSettled(turns);
  expect(results.at(-1)).toMatchObject({ status: "rejected", reason: { name: "Retryable" } });
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a private chat shows a draft with a button that stops the run", async () => {
  const chat_id = newPerson();
  const { handle } = await streamTo("telegram", { chat_id }, [
    {},
    { tools: [{ name: "look", status: "running", progress: "2 of 3" }] },
    { text: "Once **upon" },
  ]);
  expect(it.telegram.drafts.map(({ text }) => text)).toEqual(["", "🔧 look: 2 of 3", "Once **upon"]);
  expect(new Set(it.telegram.drafts.map(({ draft_id }) => draft_id)).size).toBe(1);
  await it.listen();
  it.telegram.update({
    stopped_message_generation: { chat: { id: chat_id, type: "private" }, ...(handle as object) },
  });
  await settled();
  expect(stopped).toEqual(["task-1"]);
  await deliver("telegram", { chat_id }, "Once upon a time.", { streamed: handle });
  expect(it.telegram.shown(chat_id)).toMatchObject([{ text: "Once upon a time." }]);
});

test("a group shows one message, which becomes the answer", async () => {
  const chat_id = newGroup();
  const stream_id = crypto.randomUUID();
  const { handle } = await streamTo("telegram", { chat_id }, [{}, { text: "On" }, { text: "Once" }], {
    stream_id,
  });
  expect(it.telegram.shown(chat_id)).toMatchObject([
    { text: "On", buttons: [{ callback_data: "stop:task-1" }] },
  ]);
  await deliver("telegram", { chat_id }, "Once upon a time.", { streamed: handle });
  expect(it.telegram.shown(chat_id)).toMatchObject([
    { text: "Once upon a time.", format: "rich", buttons: [], edits: 1 },
  ]);
  // Nothing would be left to stop.
  const other = newGroup();
  const empty = await streamTo("telegram", { chat_id: other }, [{ text: "On" }], {
    stream_id: crypto.randomUUID(),
  });
  await deliver("telegram", { chat_id: other }, " \n ", { streamed: empty.handle });
  expect(it.telegram.shown(other)).toMatchObject([{ text: "(no text)", buttons: [] }]);
});

test("files of tools follow the answer; a picture that cannot be a photo is a file", async () => {
  const chat_id = newPerson();
  const data = Buffer.from("not a picture").toString("base64");
  await deliver("telegram", { chat_id }, "Here.", {
    clientActions: [
      { type: "upload_image", filename: 'a"\r\nb.png', caption: "It", data },
      { type: "open_tab", url: "x" },
    ],
  });
  const [, file] = it.telegram.shown(chat_id);
  expect(file).toMatchObject({ format: "document", text: "It", file: { name: "a___b.png" } });
  expect(Buffer.from(file?.file?.bytes ?? []).toString()).toBe("not a picture");
});

test("an approval is asked with buttons, decided by one, and shows who decided", async () => {
  const chat_id = newGroup();
  const id = "019aacc5-7d3e-7d31-a6a3-f5d4be1f2f7c";
  const approval = {
    ...{ id, tool: "delete_room", arguments: { room: "<b>" }, policy: "ask", reason: null },
    ...{ approvers: [`telegram:${PERSON}`], expires_at: "2030-01-01T00:00:00Z" },
    ...{ status: "pending" as "pending" | "approved", decided_by: null as string | null },
    decided_at: null as string | null,
  };
  const ask = async (receipt?: unknown) => {
    const config = { chat_id };
    const input = {
      approval,
      text: "?",
      config,
      dispatchConfig: config,
      botId: "default",
      sessionId: "s",
      receipt,
    };
    const asked = await registered()
      .dispatchers.get("telegram")
      .askApproval?.(input as never, dispatchContext());
    return (asked as { receipt: unknown }).receipt;
  };
  const receipt = await ask();
  const [question] = it.telegram.shown(chat_id);
  expect(question?.text).toContain('"room": "<b>"');
  const data = question?.buttons[0]?.callback_data;
  await it.listen();
  const chats = new Map([[chat_id, { id: chat_id, type: "supergroup", isBlocked: false }]]);
  const { from } = messageOf({ chats }, 1, chat_id, PERSON);
  it.telegram.update({
    callback_query: { id: "q1", from, data, message: messageOf({ chats }, 1, GROUP, 7) },
  });
  it.telegram.update({
    callback_query: { id: "q2", from, data, message: messageOf({ chats }, 1, chat_id, 7) },
  });
  await settled();
  expect(it.telegram.toasts.map(({ text }) => text)).toEqual([
    "This has already been decided, or it is too late.",
    "Approved.",
  ]);
  expect(decided).toEqual([{ approved: true, by: { id: `${PERSON}`, name: "Anna" } }]);
  Object.assign(approval, { status: "approved", decided_by: "Anna", decided_at: "2026-11-29T04:00:12.000Z" });
  await ask(receipt);
  expect(it.telegram.shown(chat_id)).toMatchObject([
    { buttons: [], text: expect.stringContaining("Approved by Anna, 2026-11-29 04:00 UTC.") },
  ]);
});

test("a group that has become a supergroup ends the delivery with its new id; too large a file is left out", async () => {
  it.telegram.addChat(-5, "group");
  it.telegram.refuse("sendRichMessage", {
    ...{ error_code: 400, description: "Bad Request: group chat was upgraded to a supergroup chat" },
    parameters: { migrate_to_chat_id: -1005 },
  });
  expect(await deliver("telegram", { chat_id: -5 }, "Hello")).toMatchObject({
    status: "dead",
    error: { message: "The group -5 has become the supergroup -1005; write there." },
  });
  const data = Buffer.alloc(50 * 1024 * 1024 + 1).toString("base64");
  await deliver("telegram", { chat_id: PERSON }, "Here it is", {
    clientActions: [{ type: "upload_file", filename: "a.iso", data }],
  });
  expect(it.telegram.shown(PERSON).map(({ format }) => format)).toEqual(["rich"]);
});
