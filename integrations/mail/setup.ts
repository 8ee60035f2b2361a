import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Mail",
  env_vars: [
    { key: "MAIL_ADDRESS", description: "The mailbox's address, such as bot@example.com" },
    { key: "MAIL_PASSWORD", secret: true, description: "Its password; for Gmail an app password" },
    {
      key: "MAIL_AUTH",
      secret: false,
      default: "password",
      description: "password, or a sign-in of a person: google, microsoft, or oauth for another provider",
    },
    {
      key: "MAIL_OAUTH_CLIENT_ID",
      secret: false,
      description: "The client that you have registered at the provider, for a sign-in",
    },
    { key: "MAIL_OAUTH_CLIENT_SECRET", secret: true, description: "Its secret" },
    {
      key: "MAIL_OAUTH_TENANT",
      secret: false,
      default: "common",
      description: "Microsoft: the organisation's directory, or common",
    },
    {
      key: "MAIL_OAUTH_AUTHORIZE_URL",
      secret: false,
      description: "Another provider: its page for signing in",
    },
    { key: "MAIL_OAUTH_EXCHANGE_URL", secret: false, description: "Another provider: its token endpoint" },
    {
      key: "MAIL_OAUTH_REVOKE_URL",
      secret: false,
      description: "Another provider: where tokens are taken back",
    },
    { key: "MAIL_OAUTH_SCOPE", secret: false, description: "Another provider: what is asked for" },
    { key: "MAIL_USER", secret: false, description: "Who signs in, if not the address" },
    { key: "MAIL_FROM_NAME", description: "The name under which answers are sent" },
    {
      key: "MAIL_OTHER_ADDRESSES",
      secret: false,
      description: "Further addresses of the mailbox, with commas",
    },
    {
      key: "MAIL_IMAP_HOST",
      secret: false,
      description: "Server that has the mails; imap.gmail.com, or Microsoft's",
    },
    { key: "MAIL_IMAP_PORT", default: "993", description: "993 (TLS from the beginning) or 143 (STARTTLS)" },
    {
      key: "MAIL_SMTP_HOST",
      secret: false,
      description: "Server that sends; smtp.gmail.com, or Microsoft's",
    },
    {
      key: "MAIL_SMTP_PORT",
      secret: false,
      description: "465 (TLS from the beginning) or 587 (STARTTLS); 465, for Microsoft 587",
    },
    {
      key: "MAIL_TLS",
      default: "verified",
      description: "verified, unverified (a certificate of one's own) or off (inside one machine)",
    },
    { key: "MAIL_FOLDERS", default: "INBOX", description: "Folders that are read, with commas" },
    { key: "MAIL_POLL_SECONDS", default: "25", description: "How often the server is asked besides IDLE" },
    {
      key: "MAIL_IMPORT_DAYS",
      default: "0",
      description: "At the first start, mails of so many days are taken; 0: only new ones",
    },
    { key: "MAIL_MAX_BYTES", default: "25000000", description: "Only so much of a mail is read" },
    { key: "MAIL_ANSWER", default: "reply", description: "reply, or draft: a person sends" },
    {
      key: "MAIL_ANSWER_STRANGERS",
      default: "draft",
      description: "The same for people who are not allowed, or not proven: draft, reply or ignore",
    },
    {
      key: "MAIL_AUTHSERV_ID",
      secret: false,
      description:
        "The name of your server in Authentication-Results, which proves senders; known for Gmail (mx.google.com)",
    },
    {
      key: "MAIL_SAVE_SENT",
      default: "auto",
      description: "Copy of answers among the sent mails: auto, yes, no",
    },
    { key: "MAIL_BOT_ID", default: "default", description: "Bot that answers" },
    { key: "GMAIL_EMAIL", description: "Older name of MAIL_ADDRESS" },
    { key: "GMAIL_APP_PASSWORD", secret: true, description: "Older name of MAIL_PASSWORD" },
  ],
  public_paths: ["GET /decisions/:token", "POST /decisions/:token"],
  binding: {
    client_id_prefix: "mail:",
    client_id_placeholder: "mail:bot@example.com:3f2a…",
    client_id_description: "A conversation by mail, as the list of sessions shows it",
    event_types: [
      { value: "mail", label: "Mails" },
      { value: "automatic", label: "Notices of programs" },
    ],
  },
});
