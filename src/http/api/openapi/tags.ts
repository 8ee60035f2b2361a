// What the routes are about. The document has two parts, so that neither is too large for the tools that read it.

/** Working with bots: the routes of /swagger/json, beside those of integrations. */
export const WORK = {
  Chat: "Talking with a bot, live.",
  Sessions: "A session is one conversation of a bot; messages are injected into it.",
  Events:
    "What happens in the server, as a stream; and something that happened in an outside place, sent to every channel bound to that place.",
  Channels: "A channel is the lasting conversation space behind a client id; its sessions come and go.",
  Tasks: "A task is one run of a bot.",
  Approvals: "Calls of tools that wait for a person's decision.",
  Deliveries: "Outcomes of tasks on their way to their targets.",
  Inbox: "Received webhooks and their outcomes.",
  Schedules: "Messages that channels get at certain times.",
  Heartbeats: "Regular looks of a bot at what is new in a channel.",
  Documents: "Texts that searches find.",
  Memories: "What bots have learned.",
  Tools: "Functions that bots can call.",
  Overview: "What needs a person, and what has happened.",
  Transcription: "Speech to text.",
  Health: "For load balancers and service managers.",
} as const;

/** Setting the server up: the routes of /swagger/admin/json. */
export const ADMINISTRATION = {
  Bots: "A bot has a prompt, a model, tools and skills, and answers messages.",
  Skills: "Knowledge that goes into a run.",
  Carapaces: "Bundles of tools, skills and prompt text.",
  Templates: "Texts that tell bots how the work in a channel is organised.",
  Integrations: "Integrations connect outside services to bots.",
  "Administration of integrations": "Setting up integrations: settings, keys, packages, approval.",
  Processes: "Background processes of integrations.",
  Providers: "Endpoints with models.",
  "MCP servers": "Servers whose tools bots can call.",
  "Coding agents": "Programs that work in a folder of the workspace.",
  Policies: "Rules about what bots may do, and what a person decides.",
  Budgets: "Limits of what bots may use.",
  Usage: "Tokens and costs of models.",
  Evals: "Fixtures that show whether a bot still answers as it should.",
  People: "Who has written, and who is trusted.",
  "API keys": "Keys and what they may do.",
  "Sign-in": "Browsers act as a key after signing in.",
  Server: "What the server is and how it is configured.",
  Logs: "What the server writes about its work.",
} as const;

export type Tag = keyof typeof WORK | keyof typeof ADMINISTRATION;
