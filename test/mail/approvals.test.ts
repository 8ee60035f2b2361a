// Calls that wait for a person, asked by mail: over a real SMTP connection, decided by a link or an answer.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AskApprovalInput, GivenDecision } from "heddle/sdk";
import { dispatchContext, fakeHeddle, useServer, useSettings } from "heddle/sdk/testing";
import { simpleParser } from "mailparser";
import { dispatcher } from "../../integrations/mail/dispatcher.ts";
import { router } from "../../integrations/mail/router.ts";
import { takeMail } from "../../integrations/mail/take-mail.ts";
import type { Target } from "../../integrations/mail/target.ts";
import { MAILBOX } from "./dovecot.ts";
import { type Smtp, startSmtp } from "./smtp.ts";

const ADA = "ada@friends.test";
const decisions: [id: string, decision: GivenDecision][] = [];
let smtp: Smtp;

const heddle = fakeHeddle({
  controls: {
    async decide(id: string, decision: GivenDecision) {
      if (decisions.some(([known]) => known === id))
        throw Object.assign(new Error("Ann <b> has decided."), { code: "conflict" });
      decisions.push([id, decision]);
      return { status: decision.approved ? "approved" : "denied" };
    },
  } as never,
});

beforeAll(async () => {
  smtp = await startSmtp();
  useServer({ baseUrl: "https://heddle.example", integrationId: "mail" });
  useSettings({
    ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
    ...{ MAIL_SMTP_HOST: "127.0.0.1", MAIL_SMTP_PORT: String(smtp.port), MAIL_AUTHSERV_ID: "mx.heddle.test" },
  });
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
});
afterAll(async () => {
  await smtp.stop();
  heddle.restore();
  useServer(undefined);
});

async function asked(id: string, more: Partial<Target> = {}) {
  const config: Target = {
    to: ADA,
    subject: "The shed",
    is_trusted: true,
    in_reply_to: "<first@x>",
    ...more,
  };
  const approval = {
    ...{ id, tool: "unlock_shed", arguments: { door: "\u202eback" }, policy: "Doors", status: "pending" },
    ...{ approvers: [`mail:${ADA}`], expires_at: new Date(Date.now() + 60_000).toISOString(), reason: null },
  };
  const before = smtp.sent.length;
  const input = { approval, botId: "default", config } as unknown as AskApprovalInput<Target>;
  const outcome = await dispatcher.askApproval(input, dispatchContext({ delivery_id: `delivery-${id}` }));
  const mail = smtp.sent[before] && (await simpleParser(smtp.sent[before].source));
  const links = (mail?.text ?? "").match(/https:\S+\/decisions\/\S+/g) ?? [];
  return { outcome, mail, approve: links[0] ?? "", deny: links[1] ?? "" };
}

const open = async (link: string, method: "GET" | "POST") => {
  const path = new URL(link).pathname.replace("/integrations/mail", "");
  // What a browser sends of a form without fields.
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const form = method === "POST" && { headers, body: "" };
  const response = await router.handle(new Request(`http://localhost${path}`, { method, ...form }));
  return { status: response.status, text: await response.text() };
};

const reply = (to: string | undefined, text: string, { isProven = true, from = ADA } = {}) =>
  takeMail(
    Buffer.from(
      [
        isProven && "Authentication-Results: mx.heddle.test; dmarc=pass header.from=friends.test",
        `Message-ID: <${crypto.randomUUID()}@friends.test>`,
        ...[`From: Ada <${from}>`, `To: ${MAILBOX.user}`, "Subject: Re: The shed", `In-Reply-To: ${to}`],
        ...["", text, "", "> May it?"],
      ]
        .filter((line) => line !== false)
        .join("\r\n"),
    ),
    { folder: "INBOX", uidValidity: "1", uid: 1 },
  );

test("a link decides once, by a press of a button; looking at it decides nothing", async () => {
  const { mail, approve, deny } = await asked("call-1");
  expect(mail?.to && !Array.isArray(mail.to) ? mail.to.text : "").toBe(ADA);
  expect(mail?.inReplyTo).toBe("<first@x>");
  // Characters that change how others look are not shown as they are.
  expect(mail?.text).not.toContain("\u202e");
  expect(mail?.text).toContain("unlock_shed");
  const page = await open(approve, "GET");
  expect([page.status, page.text.includes("Approve the call")]).toEqual([200, true]);
  expect(decisions).toEqual([]);
  expect((await open(`${approve.slice(0, -1)}x`, "POST")).status).toBe(410);
  expect((await open(approve, "POST")).text).toContain("The call is approved.");
  expect(decisions).toEqual([["call-1", { approved: true, by: { id: ADA, name: ADA } }]]);
  // The first decision stands, and links that are used up say so.
  for (const link of [approve, deny]) {
    expect((await open(link, "POST")).status).toBe(410);
    expect((await open(link, "GET")).text).toContain("already been decided, or it is too late");
  }
});

test("an answer decides only if it is a proven one of whoever was asked, and says yes or no", async () => {
  decisions.length = 0;
  const { mail, approve } = await asked("call-2");
  const to = mail?.messageId;
  await reply(to, "Yes.", { isProven: false });
  await reply(to, "Yes.", { from: "eve@friends.test" });
  await reply("<another@x>", "Yes.");
  await reply(to, "Yes, but which door do you mean?");
  expect(decisions).toEqual([]);
  expect(await reply(to, "No!")).toEqual({ status: "ignored", reason: "decision" });
  expect(decisions).toEqual([["call-2", { approved: false, by: { id: ADA, name: "Ada" } }]]);
  expect(await reply(to, "yes")).toEqual({ status: "ignored", reason: "decision" });
  expect(decisions).toHaveLength(1);
  // Who comes later by another way is told who was faster; names are what people call themselves.
  const late = await open(approve, "POST");
  expect([late.status, late.text]).toEqual([
    410,
    expect.stringContaining("<p>Ann &lt;b&gt; has decided.</p>"),
  ]);
});

test("a stranger's conversation is told nothing of it", async () => {
  const { outcome, mail } = await asked("call-3", { is_trusted: false });
  expect([outcome, mail]).toEqual([{ receipt: { skipped: "the conversation is a stranger's" } }, undefined]);
});
