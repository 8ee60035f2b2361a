// Signing in to send mail. What a whole server sends is in test/mail/server.test.ts and test/chat-contract.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { ReauthRequired, Retryable } from "heddle/sdk";
import { fakeHeddle, useSettings } from "heddle/sdk/testing";
import { send } from "../../integrations/mail/smtp.ts";
import { MAILBOX } from "./dovecot.ts";
import { type Smtp, startSmtp } from "./smtp.ts";

const OURS = ["MAIL_ADDRESS", "MAIL_PASSWORD", "MAIL_TLS", "MAIL_SMTP_HOST", "MAIL_SMTP_PORT"] as const;
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
  expect(await sending()).toBeInstanceOf(ReauthRequired);
  smtp.refuseSignIn(undefined);
  expect(await sending()).toBe("sent");
});
