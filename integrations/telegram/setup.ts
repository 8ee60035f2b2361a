import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Send",
  instructions_url: "https://core.telegram.org/bots/features#botfather",
  env_vars: [
    {
      key: "TELEGRAM_BOT_TOKEN",
      required: true,
      secret: true,
      description: "Token of the bot, from @BotFather",
    },
    {
      key: "TELEGRAM_WEBHOOK_SECRET",
      required: false,
      secret: true,
      description:
        "If set, and BASE_URL begins with https, Telegram calls the webhook; otherwise Heddle asks Telegram for messages",
    },
    { key: "TELEGRAM_BOT_ID", required: false, description: "Bot that answers", default: "default" },
    {
      key: "TELEGRAM_API_URL",
      required: false,
      description: "Server of the Bot API",
      default: "https://api.telegram.org",
    },
    {
      key: "TELEGRAM_REACTIONS",
      required: false,
      description:
        "Whether reactions on a message show that its run has begun (👀) and how it ended (👌, 😢)",
      default: "true",
    },
    {
      key: "TELEGRAM_POLL_SECONDS",
      required: false,
      description: "How long, in seconds, Telegram may hold a request until there is a message",
      default: "25",
    },
  ],
  webhook: {
    path: "/integrations/telegram/webhook",
    description: "Receives messages, if TELEGRAM_WEBHOOK_SECRET is set",
    verifier: {
      scheme: "token",
      header: "x-telegram-bot-api-secret-token",
      secret: "TELEGRAM_WEBHOOK_SECRET",
    },
  },
  binding: {
    client_id_prefix: "telegram:",
    client_id_placeholder: "telegram:-1001234567890:17",
    client_id_description: "The chat's id, and after a colon the topic's",
    event_types: [{ value: "message", label: "Messages" }],
  },
  activation: { description: "Answers go to the chat, and files with them" },
});
