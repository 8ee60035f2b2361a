import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Code2",
  env_vars: [
    {
      key: "GITEA_URL",
      required: true,
      secret: false,
      description: "The server's address: https://git.example",
    },
    {
      key: "GITEA_TOKEN",
      required: true,
      secret: true,
      description: "Access token with issue: read and write, repository: read, user: read",
    },
    {
      key: "GITEA_WEBHOOK_SECRET",
      required: true,
      secret: true,
      description: "Secret of the webhook; without it, every webhook is refused",
    },
    {
      key: "GITEA_OLD_WEBHOOK_SECRET",
      secret: true,
      description: "The secret before, which is accepted as well while you change it",
    },
    {
      key: "GITEA_BOT_LOGIN",
      secret: false,
      description: "Login of the token's account; what it does is ignored",
    },
    {
      key: "GITEA_REACTIONS",
      secret: false,
      default: "true",
      description:
        "Whether reactions show that the bot has seen something (👀) and how its run ended (🚀, 😕)",
    },
    {
      key: "GITEA_CATCH_UP",
      secret: false,
      default: "true",
      description: "Whether the server is asked what happened while Heddle was away",
    },
    { key: "GITEA_BOT_ID", secret: false, default: "default", description: "Bot that answers" },
  ],
  webhook: {
    path: "/integrations/gitea/webhook",
    description: "Receives a repository's or an organisation's events",
    verifier: { scheme: "hmac", header: "x-gitea-signature", secret: "GITEA_WEBHOOK_SECRET" },
  },
  max_body_bytes: 26_214_400,
  binding: {
    client_id_prefix: "gitea:",
    client_id_placeholder: "gitea:owner/repo",
    client_id_description: "The repository, spelled as the server spells it",
    display_name_placeholder: "owner/repo",
    event_types: [
      { value: "pull_request", label: "Pull requests" },
      { value: "pull_request_rejected", label: "Reviews that ask for changes" },
      { value: "pull_request_approved", label: "Reviews that approve" },
      { value: "pull_request_comment", label: "Other reviews" },
      { value: "issues", label: "Issues" },
      { value: "issue_comment", label: "Comments on issues and pull requests" },
      { value: "push", label: "Pushes" },
      { value: "release", label: "Releases" },
    ],
  },
  activation: {
    carapaces: ["gitea"],
    description: "Bots in the channel can look into repositories, pull requests and issues",
    compatible_templates: ["project"],
  },
});
