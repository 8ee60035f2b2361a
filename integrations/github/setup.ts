import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Code2",
  env_vars: [
    {
      key: "GITHUB_TOKEN",
      required: false,
      secret: true,
      description: "Token that reads the repositories and writes issues and comments; or set up an App",
    },
    {
      key: "GITHUB_APP_ID",
      required: false,
      secret: false,
      description: "Id or client id of a GitHub App, which is used instead of a token",
    },
    {
      key: "GITHUB_APP_PRIVATE_KEY",
      required: false,
      secret: true,
      description: "The App's private key (the whole .pem file)",
    },
    {
      key: "GITHUB_WEBHOOK_SECRET",
      required: true,
      secret: true,
      description: "Secret of the webhook, as entered at GitHub; without it, every webhook is refused",
    },
    {
      key: "GITHUB_OLD_WEBHOOK_SECRET",
      secret: true,
      description: "The secret before, which is accepted as well while you change it",
    },
    {
      key: "GITHUB_BOT_LOGIN",
      required: false,
      description: "Login of the token's account; events that it causes are ignored",
    },
    {
      key: "GITHUB_API_URL",
      required: false,
      description: "REST API of the server; https://HOST/api/v3 for GitHub Enterprise Server",
      default: "https://api.github.com",
    },
    {
      key: "GITHUB_REACTIONS",
      required: false,
      description:
        "Whether reactions show that the bot has seen something (👀) and how its run ended (🚀, 😕)",
      default: "true",
    },
    {
      key: "GITHUB_CATCH_UP",
      required: false,
      description:
        "Whether GitHub is asked to deliver again what it could not deliver; the token must see webhooks",
      default: "true",
    },
    {
      key: "GITHUB_BOT_ID",
      required: false,
      description: "Bot that answers",
      default: "default",
    },
  ],
  webhook: {
    path: "/integrations/github/webhook",
    description: "Receives a repository's or an organisation's events",
    verifier: { scheme: "github", secret: "GITHUB_WEBHOOK_SECRET" },
  },
  // GitHub's own limit.
  max_body_bytes: 26_214_400,
  binding: {
    client_id_prefix: "github:",
    client_id_placeholder: "github:owner/repo",
    client_id_description: "The repository, spelled as GitHub spells it",
    display_name_placeholder: "owner/repo",
    event_types: [
      { value: "pull_request", label: "Pull requests" },
      { value: "pull_request_review", label: "Reviews" },
      { value: "pull_request_review_comment", label: "Comments on code" },
      { value: "issues", label: "Issues" },
      { value: "issue_comment", label: "Comments on issues and pull requests" },
      { value: "push", label: "Pushes" },
      { value: "release", label: "Releases" },
      { value: "discussion", label: "Discussions" },
      { value: "discussion_comment", label: "Comments on discussions" },
    ],
  },
  activation: {
    carapaces: ["github"],
    description:
      "Bots in the channel can look into repositories, review changes, and write issues and comments",
    compatible_templates: ["project"],
  },
});
