import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Code2",
  env_vars: [
    {
      key: "GITLAB_TOKEN",
      required: true,
      secret: true,
      description:
        "Access token with the scope api and the role Reporter or higher: it reads, and writes comments",
    },
    {
      key: "GITLAB_WEBHOOK_SECRET",
      required: true,
      secret: true,
      description:
        "Signing token (whsec_…) or secret token of the webhook; without it, every webhook is refused",
    },
    {
      key: "GITLAB_OLD_WEBHOOK_SECRET",
      secret: true,
      description: "The secret before, which is accepted as well while you change it",
    },
    {
      key: "GITLAB_BOT_USERNAME",
      secret: false,
      description: "Username of the token's account; what it does is ignored",
    },
    { key: "GITLAB_URL", secret: false, default: "https://gitlab.com", description: "The server's address" },
    {
      key: "GITLAB_REACTIONS",
      secret: false,
      default: "true",
      description:
        "Whether reactions show that the bot has seen something (👀) and how its run ended (🚀, 😕)",
    },
    {
      key: "GITLAB_CATCH_UP",
      secret: false,
      default: "true",
      description: "Whether GitLab is asked what happened while the server was away",
    },
    { key: "GITLAB_BOT_ID", secret: false, default: "default", description: "Bot that answers" },
  ],
  webhook: {
    path: "/integrations/gitlab/webhook",
    description: "Receives a project's or a group's events",
    verifier: { scheme: "gitlab", secret: "GITLAB_WEBHOOK_SECRET" },
  },
  // GitLab's own limit.
  max_body_bytes: 26_214_400,
  binding: {
    client_id_prefix: "gitlab:",
    client_id_placeholder: "gitlab:group/project",
    client_id_description: "The path of the project, spelled as GitLab spells it",
    display_name_placeholder: "group/project",
    event_types: [
      { value: "merge_request", label: "Merge requests" },
      { value: "issue", label: "Issues" },
      { value: "note", label: "Comments" },
      { value: "push", label: "Pushes" },
      { value: "tag_push", label: "Tags" },
      { value: "release", label: "Releases" },
    ],
  },
  activation: {
    carapaces: ["gitlab"],
    description: "Bots in the channel can look into projects, merge requests and issues",
    compatible_templates: ["project"],
  },
});
