import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { fakeHeddle, useSettings } from "heddle/sdk/testing";
import { takeMail } from "../take-mail.ts";

const heddle = fakeHeddle();
after(() => heddle.restore());
beforeEach(() => {
  heddle.clear();
  useSettings({
    MAIL_ADDRESS: "bot@example.com",
    MAIL_AUTHSERV_ID: "mx.example.com",
    MAIL_ANSWER_STRANGERS: undefined,
  });
});

const PLACE = { folder: "INBOX", uidValidity: "1", uid: 1 };

function arrive(id: string, from: string, { isProven = true, lines = [] as string[] } = {}) {
  const domain = from.split("@")[1];
  const proof = `Authentication-Results: mx.example.com; dmarc=pass header.from=${domain}`;
  const head = [
    ...(isProven ? [proof] : []),
    `From: ${from}`,
    `Message-ID: <${id}>`,
    "Subject: Hi",
    ...lines,
  ];
  return takeMail(Buffer.from([...head, "", "Hello"].join("\r\n")), PLACE);
}

const allow = (id: string) => heddle.people.push({ id, name: id, place: null, status: "allowed" });

test("only somebody allowed and proven is answered as such", async () => {
  allow("ada@friends.example");
  await arrive("1@x", "ada@friends.example");
  await arrive("2@x", "ada@friends.example", { isProven: false });
  const [proven, forged] = heddle.events;
  assert.equal(proven?.author?.id, "ada@friends.example");
  assert.equal(proven?.dispatchConfig?.mode, "reply");
  assert.equal(forged?.author?.id, undefined);
  assert.equal(forged?.dispatchConfig?.mode, "draft");
});

test("a mail is taken once, and the mailbox never answers itself or somebody blocked", async () => {
  await arrive("1@x", "ada@friends.example");
  await arrive("1@x", "ada@friends.example");
  heddle.people.push({ id: "bad@x.example", name: "Bad", place: null, status: "blocked" });
  assert.deepEqual(await arrive("2@x", "bad@x.example"), { status: "ignored", reason: "blocked" });
  assert.deepEqual(await arrive("3@x", "bot@example.com"), { status: "ignored", reason: "own" });
  assert.equal(heddle.events.length, 1);
});

test("a mail to another of the mailbox's addresses is answered from there", async () => {
  useSettings({ MAIL_OTHER_ADDRESSES: "shop@example.com" });
  await arrive("1@x", "ada@friends.example", { lines: ["To: Shop@example.com"] });
  await arrive("2@x", "ada@friends.example", { lines: ["To: bot@example.com, shop@example.com"] });
  await arrive("3@x", "ada@friends.example", { lines: ["To: list@elsewhere.example"] });
  const from = heddle.events.map(({ dispatchConfig }) => dispatchConfig?.from);
  assert.deepEqual(from, ["shop@example.com", undefined, undefined]);
  useSettings({ MAIL_OTHER_ADDRESSES: undefined });
});

test("a thread is one conversation for those who are in it, and nobody else", async () => {
  const reply = { lines: ["In-Reply-To: <1@x>", "References: <1@x>"] };
  await arrive("1@x", "ada@friends.example", { lines: ["Cc: eve@friends.example"] });
  await arrive("2@x", "ada@friends.example", reply);
  await arrive("3@x", "eve@friends.example", reply);
  await arrive("4@x", "mallory@evil.example", reply);
  await arrive("5@x", "ada@friends.example", { ...reply, isProven: false });
  const [first, second, third, stranger, forged] = heddle.events.map(({ clientId }) => clientId);
  assert.equal(second, first);
  assert.equal(third, first);
  assert.notEqual(stranger, first);
  assert.notEqual(forged, first);
});

test("Reply-To does not lead a conversation that goes on to somebody else", async () => {
  const lines = ["Reply-To: elsewhere@evil.example"];
  await arrive("1@x", "ada@friends.example");
  await arrive("2@x", "ada@friends.example", { lines: [...lines, "References: <1@x>"] });
  await arrive("3@x", "ada@friends.example", { lines });
  assert.deepEqual(
    heddle.events.map(({ dispatchConfig }) => dispatchConfig?.to),
    ["ada@friends.example", "ada@friends.example", "elsewhere@evil.example"],
  );
});

test("what programs write is context of a known conversation, and starts no run", async () => {
  const lines = ["Auto-Submitted: auto-replied"];
  assert.deepEqual(await arrive("9@x", "ada@friends.example", { lines }), {
    status: "ignored",
    reason: "machine",
  });
  await arrive("1@x", "ada@friends.example");
  await arrive("2@x", "ada@friends.example", { lines: [...lines, "In-Reply-To: <1@x>"] });
  assert.equal(heddle.events[1]?.runAgent, false);
  assert.equal(heddle.events[1]?.clientId, heddle.events[0]?.clientId);
});

test("a mail from an address that cannot be answered holds up none behind it", async () => {
  for (const [n, from] of [
    '"a b"@evil.example',
    "a@b@evil.example",
    `${"x".repeat(400)}@evil.example`,
  ].entries())
    assert.deepEqual(await arrive(`odd-${n}@x`, from), { status: "ignored", reason: "machine" });
  const refusing = fakeHeddle({
    injectEvent: async () => {
      throw Object.assign(new Error("refused"), { code: "validation" });
    },
  });
  assert.deepEqual(await arrive("refused@x", "ada@friends.example"), {
    status: "ignored",
    reason: "refused",
  });
  refusing.restore();
});
