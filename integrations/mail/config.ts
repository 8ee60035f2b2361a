import { defineConfig, t } from "heddle/sdk";

/** How Pub/Sub names what it has. */
const resource = (kind: string) =>
  t.String({
    ...{ default: "", examples: [`projects/acme/${kind}/mail`] },
    pattern: `^$|^projects/[A-Za-z0-9.:-]{1,100}/${kind}/[A-Za-z0-9._~+%-]{3,255}$`,
  });

/** Settings are looked up at each access, so a change takes effect with the next mail. */
export const settings = defineConfig({
  MAIL_ADDRESS: t.String({ default: "" }),
  MAIL_PASSWORD: t.String({ default: "" }),
  MAIL_PROTOCOL: t.Union([t.Literal("imap"), t.Literal("gmail")], { default: "imap" }),
  MAIL_AUTH: t.Union(
    [t.Literal("password"), t.Literal("google"), t.Literal("microsoft"), t.Literal("oauth")],
    { default: "password" },
  ),
  MAIL_OAUTH_CLIENT_ID: t.String({ default: "" }),
  MAIL_OAUTH_CLIENT_SECRET: t.String({ default: "" }),
  MAIL_OAUTH_TENANT: t.String({
    ...{ default: "common", pattern: "^[A-Za-z0-9.-]{1,100}$" },
    examples: ["common", "contoso.onmicrosoft.com"],
  }),
  MAIL_OAUTH_AUTHORIZE_URL: t.String({ default: "" }),
  MAIL_OAUTH_EXCHANGE_URL: t.String({ default: "" }),
  MAIL_OAUTH_REVOKE_URL: t.String({ default: "" }),
  MAIL_OAUTH_SCOPE: t.String({ default: "" }),
  MAIL_USER: t.String({ default: "" }),
  MAIL_FROM_NAME: t.String({ default: "" }),
  MAIL_OTHER_ADDRESSES: t.String({ default: "" }),
  MAIL_IMAP_HOST: t.String({ default: "" }),
  MAIL_IMAP_PORT: t.Integer({ default: 993, minimum: 1, maximum: 65_535 }),
  MAIL_SMTP_HOST: t.String({ default: "" }),
  MAIL_SMTP_PORT: t.Optional(t.Integer({ minimum: 1, maximum: 65_535 })),
  MAIL_TLS: t.Union([t.Literal("verified"), t.Literal("unverified"), t.Literal("off")], {
    default: "verified",
  }),
  MAIL_PUBSUB_TOPIC: resource("topics"),
  MAIL_PUBSUB_SUBSCRIPTION: resource("subscriptions"),
  MAIL_GMAIL_URL: t.String({ default: "https://gmail.googleapis.com" }),
  MAIL_PUBSUB_URL: t.String({ default: "https://pubsub.googleapis.com" }),
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
export const user = (): string => settings.MAIL_USER || ownAddress();

/** Google shows its app passwords in groups of four. */
export const passwordToSend = (): string => (isGmail() ? password().replaceAll(" ", "") : password());

const isMicrosoft = (): boolean => settings.MAIL_AUTH === "microsoft";

export const imapServer = (): { host: string; port: number } => ({
  host: settings.MAIL_IMAP_HOST || (isMicrosoft() ? "outlook.office365.com" : "imap.gmail.com"),
  port: settings.MAIL_IMAP_PORT,
});

/** Microsoft's server takes mail only on port 587. */
export const smtpServer = (): { host: string; port: number } => ({
  host: settings.MAIL_SMTP_HOST || (isMicrosoft() ? "smtp.office365.com" : "smtp.gmail.com"),
  port: settings.MAIL_SMTP_PORT ?? (isMicrosoft() ? 587 : 465),
});

/** Whether the mailbox is read and written over Google's API rather than over IMAP and SMTP. */
export const usesGmailApi = (): boolean => settings.MAIL_PROTOCOL === "gmail";

/** Whether Google tells of news, rather than being asked. */
export const usesPubSub = (): boolean =>
  settings.MAIL_PUBSUB_TOPIC !== "" || settings.MAIL_PUBSUB_SUBSCRIPTION !== "";

export const isGmail = (): boolean => {
  if (usesGmailApi()) return true;
  const host = imapServer().host.toLowerCase();
  return ["gmail.com", "googlemail.com"].some((name) => host === name || host.endsWith(`.${name}`));
};
