import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Mail",
  env_vars: [
    { key: "MAIL_ADDRESS", description: "The mailbox's address, such as bot@example.com" },
    { key: "MAIL_PASSWORD", secret: true, description: "Its password; for Gmail an app password" },
    {
      key: "MAIL_PROTOCOL",
      secret: false,
      default: "imap",
      description: "imap (IMAP and SMTP, any provider), or gmail (Google's API, with a sign-in)",
    },
    {
      key: "MAIL_AUTH",
      secret: false,
      default: "password",
      description:
        "How to sign in: password, or as a person at google, microsoft, or (oauth) another provider",
    },
    {
      key: "MAIL_OAUTH_CLIENT_ID",
      secret: false,
      description: "Id of the client that you have registered at the provider, to sign in as a person",
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
      description: "Another provider: its revocation endpoint",
    },
    { key: "MAIL_OAUTH_SCOPE", secret: false, description: "Another provider: the scopes to ask for" },
    { key: "MAIL_USER", secret: false, description: "Who signs in, if not the address" },
    { key: "MAIL_FROM_NAME", description: "The name under which answers are sent" },
    {
      key: "MAIL_OTHER_ADDRESSES",
      secret: false,
      description: "Further addresses of the mailbox, separated by commas",
    },
    {
      key: "MAIL_IMAP_HOST",
      secret: false,
      description: "IMAP server; by default that of Gmail or Microsoft",
    },
    { key: "MAIL_IMAP_PORT", default: "993", description: "993 (TLS from the beginning) or 143 (STARTTLS)" },
    {
      key: "MAIL_SMTP_HOST",
      secret: false,
      description: "SMTP server; by default that of Gmail or Microsoft",
    },
    {
      key: "MAIL_SMTP_PORT",
      secret: false,
      description: "465 (TLS from the beginning) or 587 (STARTTLS); 465, for Microsoft 587",
    },
    {
      key: "MAIL_TLS",
      default: "verified",
      description:
        "verified, unverified (for a self-signed certificate) or off (for a server on this machine)",
    },
    {
      key: "MAIL_PUBSUB_TOPIC",
      secret: false,
      description: "Gmail API: where Google tells of new mail, such as projects/acme/topics/mail",
    },
    {
      key: "MAIL_PUBSUB_SUBSCRIPTION",
      secret: false,
      description: "Gmail API: from where Heddle fetches that, such as projects/acme/subscriptions/mail",
    },
    {
      key: "MAIL_GMAIL_URL",
      secret: false,
      default: "https://gmail.googleapis.com",
      description: "Gmail API: its address",
    },
    {
      key: "MAIL_PUBSUB_URL",
      secret: false,
      default: "https://pubsub.googleapis.com",
      description: "Gmail API: the address of Pub/Sub",
    },
    {
      key: "MAIL_FOLDERS",
      default: "INBOX",
      description: "Folders, or Gmail labels, that are read, separated by commas",
    },
    {
      key: "MAIL_POLL_SECONDS",
      default: "25",
      description: "How often the server is asked for new mail, in addition to IDLE or Pub/Sub",
    },
    {
      key: "MAIL_IMPORT_DAYS",
      default: "0",
      description: "How many days of earlier mail are read at the first start; 0: only new mail",
    },
    { key: "MAIL_MAX_BYTES", default: "25000000", description: "How much of a mail is read" },
    { key: "MAIL_ANSWER", default: "reply", description: "reply, or draft (which a person sends)" },
    {
      key: "MAIL_ANSWER_STRANGERS",
      default: "draft",
      description: "The same for senders who are not allowed or not proven: draft, reply or ignore",
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
      description: "Whether answers are copied to the folder of sent mail: auto, yes or no",
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
