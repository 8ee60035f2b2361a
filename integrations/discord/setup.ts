import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "MessageCircle",
  instructions_url: "https://discord.com/developers/applications",
  env_vars: [
    {
      key: "DISCORD_BOT_TOKEN",
      required: true,
      secret: true,
      description: "Token of the bot, from the page Bot of the application",
    },
    {
      key: "DISCORD_MESSAGE_CONTENT",
      default: "true",
      description:
        "true: the bot reads messages that do not mention it, for which Message Content Intent must be on; false: only mentions, replies and direct messages",
    },
    {
      key: "DISCORD_LISTEN_IN",
      secret: false,
      description:
        "Ids of channels whose talk is kept as context although it does not address the bot, separated by commas; *: all; empty: none",
    },
    {
      key: "DISCORD_REACTIONS",
      default: "true",
      description: "true: reactions on a message show what its run does",
    },
    { key: "DISCORD_MAX_FILE_BYTES", default: "5000000", description: "Larger files are not given to bots" },
    { key: "DISCORD_API_URL", default: "https://discord.com/api/v10", description: "Discord's API" },
    { key: "DISCORD_BOT_ID", default: "default", description: "Bot that answers" },
  ],
  binding: {
    client_id_prefix: "discord:",
    client_id_placeholder: "discord:1234567890123456789",
    client_id_description: "The channel's id, and after a colon the thread's",
    display_name_placeholder: "#general",
    event_types: [
      { value: "mention", label: "Mentions" },
      { value: "message", label: "Messages in conversations with the bot" },
      { value: "direct_message", label: "Direct messages" },
    ],
  },
  activation: { description: "Answers go to the channel or thread, and files with them" },
});
