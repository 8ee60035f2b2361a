import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "MessageSquare",
  to_paste: [
    {
      title: "The app's manifest",
      path: "/app-manifest",
      description:
        "Choose Create New App, From a manifest, and your workspace; paste this as YAML, and install the app. Events come over a socket that Heddle opens, so your server needs no public address.",
      url: "https://api.slack.com/apps?new_app=1",
    },
    {
      title: "The app's manifest, for events over HTTP",
      path: "/app-manifest?transport=http",
      description: "Instead of the first one, if Slack can reach your server and you want no socket.",
      url: "https://api.slack.com/apps?new_app=1",
    },
  ],
  env_vars: [
    {
      key: "SLACK_BOT_TOKEN",
      required: true,
      secret: true,
      description: "Token of the app's bot (xoxb-…), from OAuth & Permissions",
    },
    {
      key: "SLACK_APP_TOKEN",
      secret: true,
      description:
        "Token of the app (xapp-…) with connections:write, for Socket Mode; without it, events come over HTTP",
    },
    {
      key: "SLACK_SIGNING_SECRET",
      secret: true,
      description: "Proves that a request is Slack's, for events over HTTP; from Basic Information",
    },
    {
      key: "SLACK_WHO_MAY_TALK",
      default: "everyone",
      description: "everyone in the workspace, or only people whom you have allowed",
    },
    {
      key: "SLACK_REACTIONS",
      default: "true",
      description: "true: reactions on a message show what its run does",
    },
    {
      key: "SLACK_THREADS",
      default: "mentions",
      description:
        "mentions: each mention begins a thread, and where none is needed answers stand in the channel; always; never",
    },
    {
      key: "SLACK_THREADS_IN",
      secret: false,
      description: "The same for single channels, by their ids: C0123456789=always, C9876543210=never",
    },
    {
      key: "SLACK_LISTEN_IN",
      secret: false,
      description:
        "Ids of channels whose talk is kept as context although it does not address the bot: C0123456789, C9876543210; *: all in which the bot is; empty: none",
    },
    {
      key: "SLACK_AUDIT_CHANNEL",
      secret: false,
      description: "Id of a channel that is told of each call of a tool; empty: none",
    },
    {
      key: "SLACK_TEAM_TOKENS",
      secret: true,
      description: "Tokens of further workspaces: T123=xoxb-…, T456=xoxb-…",
    },
    { key: "SLACK_MAX_FILE_BYTES", default: "5000000", description: "Larger files are not given to bots" },
    { key: "SLACK_API_URL", default: "https://slack.com/api/", description: "Slack's Web API" },
    { key: "SLACK_BOT_ID", default: "default", description: "Bot that answers" },
  ],
  webhook: {
    path: "/integrations/slack/webhook",
    description: "Slack's events, slash commands and buttons, if Socket Mode is off",
    verifier: { scheme: "slack", secret: "SLACK_SIGNING_SECRET" },
  },
  binding: {
    client_id_prefix: "slack:",
    client_id_placeholder: "slack:T0123456789:C0123456789",
    client_id_description: "Workspace and channel, and the ts of a thread's first message for a thread",
    display_name_placeholder: "#general",
    event_types: [
      { value: "mention", label: "Mentions" },
      { value: "message", label: "Messages in conversations with the bot" },
      { value: "direct_message", label: "Direct messages" },
    ],
  },
});
