import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next mail. */
export const settings = defineConfig({
  MAIL_ADDRESS: t.String({ default: "" }),
  MAIL_PASSWORD: t.String({ default: "" }),
  MAIL_USER: t.String({ default: "" }),
  MAIL_FROM_NAME: t.String({ default: "" }),
  MAIL_OTHER_ADDRESSES: t.String({ default: "" }),
  MAIL_IMAP_HOST: t.String({ default: "imap.gmail.com" }),
  MAIL_IMAP_PORT: t.Integer({ default: 993, minimum: 1, maximum: 65_535 }),
  MAIL_SMTP_HOST: t.String({ default: "smtp.gmail.com" }),
  MAIL_SMTP_PORT: t.Integer({ default: 465, minimum: 1, maximum: 65_535 }),
  MAIL_TLS: t.Union([t.Literal("verified"), t.Literal("unverified"), t.Literal("off")], {
    default: "verified",
  }),
  MAIL_FOLDERS: t.String({ default: "INBOX" }),
  MAIL_POLL_SECONDS: t.Integer({ default: 25, minimum: 1, maximum: 50 }),
  MAIL_IMPORT_DAYS: t.Integer({ default: 0, minimum: 0, maximum: 365 }),
  MAIL_MAX_BYTES: t.Integer({ default: 25_000_000, minimum: 100_000 }),
  MAIL_ANSWER: t.Union([t.Literal("reply"), t.Literal("draft")], { default: "reply" }),
  MAIL_ANSWER_STRANGERS: t.Union([t.Literal("reply"), t.Literal("draft"), t.Literal("ignore")], {
    default: "draft",
  }),
  MAIL_AUTHSERV_ID: t.String({ default: "" }),
  MAIL_SAVE_SENT: t.Union([t.Literal("auto"), t.Literal("yes"), t.Literal("no")], { default: "auto" }),
  MAIL_BOT_ID: t.String({ default: "default" }),
  // The names that an older integration had.
  GMAIL_EMAIL: t.String({ default: "" }),
  GMAIL_APP_PASSWORD: t.String({ default: "" }),
});

/** The words of a list such as "INBOX, Work". */
export const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

/** The mailbox's own address. */
export const ownAddress = (): string => (settings.MAIL_ADDRESS || settings.GMAIL_EMAIL).trim().toLowerCase();

/** All addresses under which the mailbox writes. */
export const ownAddresses = (): string[] => [
  ownAddress(),
  ...listOf(settings.MAIL_OTHER_ADDRESSES).map((address) => address.toLowerCase()),
];

export const password = (): string => settings.MAIL_PASSWORD || settings.GMAIL_APP_PASSWORD;

/** Who signs in at both servers. */
export const credentials = (): { user: string; pass: string } => ({
  user: settings.MAIL_USER || ownAddress(),
  // Google shows its app passwords in groups of four.
  pass: isGmail() ? password().replaceAll(" ", "") : password(),
});

export const isGmail = (): boolean =>
  /(^|\.)(gmail|googlemail)\.com$/.test(settings.MAIL_IMAP_HOST.toLowerCase());
