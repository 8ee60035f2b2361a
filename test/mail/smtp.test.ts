// Signing in to send mail. What a whole server sends is in test/mail/server.test.ts and test/chat-contract.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { Permanent, ReauthRequired, Retryable } from "heddle/sdk";
import { fakeHeddle, useSettings } from "heddle/sdk/testing";
import { compose } from "../../integrations/mail/compose.ts";
import { sendAs } from "../../integrations/mail/send-as.ts";
import { send } from "../../integrations/mail/smtp.ts";
import { MAILBOX } from "./dovecot.ts";
import { type Smtp, startSmtp } from "./smtp.ts";

const OURS = [
  ...["MAIL_ADDRESS", "MAIL_OTHER_ADDRESSES", "MAIL_PASSWORD", "MAIL_TLS"],
  ...["MAIL_SMTP_HOST", "MAIL_SMTP_PORT"],
];
const heddle = fakeHeddle();
let smtp: Smtp;
beforeAll(async () => {
  smtp = await startSmtp();
  useSettings({
    ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
    ...{ MAIL_SMTP_HOST: "127.0.0.1", MAIL_SMTP_PORT: String(smtp.port) },
  });
});
afterAll(async () => {
  await smtp.stop();
  heddle.restore();
  // Settings are those of all test files.
  useSettings(Object.fromEntries(OURS.map((name) => [name, undefined])));
});

const sending = () =>
  send(
    Buffer.from("Subject: x\r\n\r\nHello"),
    MAILBOX.user,
    ["ada@friends.test"],
    AbortSignal.timeout(20_000),
  ).then(
    () => "sent",
    (error: unknown) => error,
  );

test("a sign-in that the server cannot check now is tried again; one that it refuses needs a person", async () => {
  smtp.refuseSignIn(454);
  expect(await sending()).toBeInstanceOf(Retryable);
  smtp.refuseSignIn(535);
  const refused = await sending();
  expect(refused).toBeInstanceOf(ReauthRequired);
  expect((refused as Error).message).toContain("It answered: 535");
  smtp.refuseSignIn(undefined);
  expect(await sending()).toBe("sent");
});

test("an answer comes from the address that was written to; where the server forbids that, from the main one", async () => {
  const SHOP = "shop@heddle.test";
  useSettings({ MAIL_OTHER_ADDRESSES: SHOP });
  const answer = async (from: string, to = "ada@friends.test") => {
    const target = { to, from, subject: "Hi" };
    const reply = { target, text: "Hello", files: [], quoted: null, date: new Date(), deliveryId: "d-1" };
    smtp.sent.length = 0;
    await sendAs(await compose(reply), reply, { mayBeDone: false, signal: AbortSignal.timeout(20_000) });
    return smtp.sent.map(({ from, source }) => [from, /^From: (.+)$/m.exec(source)?.[1]?.trim()]);
  };
  expect(await answer(SHOP)).toEqual([[SHOP, SHOP]]);
  smtp.refusals.set(SHOP, 553);
  expect(await answer(SHOP)).toEqual([[MAILBOX.user, MAILBOX.user]]);
  smtp.refusals.delete(SHOP);
  // Nobody but the operator says which addresses are the mailbox's.
  expect(await answer("ceo@bank.test")).toEqual([[MAILBOX.user, MAILBOX.user]]);
  smtp.refusals.set("gone@friends.test", 550);
  await expect(answer(SHOP, "gone@friends.test")).rejects.toBeInstanceOf(Permanent);
});
