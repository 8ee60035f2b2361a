import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Bell",
  instructions_url: "https://docs.ntfy.sh",
  env_vars: [
    { key: "NTFY_URL", required: false, description: "The ntfy server", default: "https://ntfy.sh" },
    {
      key: "NTFY_TOKEN",
      required: false,
      secret: true,
      description: "Access token (tk_…), if the server or the topic needs one",
    },
    {
      key: "NTFY_USER",
      required: false,
      secret: false,
      description: "A user of the server, if you have no token",
    },
    { key: "NTFY_PASSWORD", required: false, secret: true, description: "The user's password" },
    {
      key: "NTFY_LISTEN",
      required: false,
      secret: false,
      description: "Topics whose messages go to the bot, separated by commas; none by default",
    },
    { key: "NTFY_BOT_ID", required: false, description: "Bot that answers", default: "default" },
    {
      key: "NTFY_STREAM",
      required: false,
      description:
        "true: an answer that takes longer is shown while it is written, in a silent notification that the answer replaces; needs ntfy 2.16 or later",
      default: "false",
    },
  ],
  public_paths: ["POST /decisions/:token"],
  binding: {
    client_id_prefix: "ntfy:",
    client_id_placeholder: "ntfy:a-topic",
    client_id_description: "The topic",
    event_types: [{ value: "message", label: "Messages" }],
  },
  activation: { description: "Answers become notifications" },
});
