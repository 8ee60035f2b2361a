// Which mail an answer answers, and where it goes.

import { t } from "heddle/sdk";

/** An address that can be answered. Quoted ones, which hardly anybody but attackers has, cannot. */
export const ANSWERABLE = /^[^\s<>,;:"@]+@[^\s<>,;:"@]+$/;
export const LONGEST_ADDRESS = 320;

const address = (description: string) =>
  t.String({ pattern: ANSWERABLE.source, maxLength: LONGEST_ADDRESS, description });
const MESSAGE_ID = t.String({ pattern: "^<[^<>\\s]{1,900}>$" });
const GMAIL_ID = t.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" });

/** The fields of a dispatch_config of the type "mail". */
export const config = t.Object({
  to: address("Who gets it"),
  from: t.Optional(address("Which of the mailbox's addresses answers; MAIL_ADDRESS by default")),
  subject: t.String({ maxLength: 500 }),
  mode: t.Optional(t.Union([t.Literal("reply"), t.Literal("draft")])),
  in_reply_to: t.Optional(MESSAGE_ID),
  references: t.Optional(t.Array(MESSAGE_ID, { maxItems: 200 })),
  is_trusted: t.Optional(t.Boolean()),
  thread: t.Optional(t.String({ maxLength: 64 })),
  folder: t.Optional(t.String({ maxLength: 500 })),
  uid_validity: t.Optional(t.String({ maxLength: 40 })),
  uid: t.Optional(t.Integer({ minimum: 1 })),
  gmail_message_id: t.Optional(GMAIL_ID),
  gmail_thread_id: t.Optional(GMAIL_ID),
});

export type Target = typeof config.static;
