// What an API key may do: `<resource>[.<part>]:read|write|use|*`, or `admin` for everything. Tools of MCP servers are named by their
// references, `tools.mcp:<server>[/<tool>]:use`: what a server calls a tool must not bring it to a key that names another's.

import { nearest } from "../schema/nearest.ts";

const SCOPE =
  /^(?<resource>[a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*|tools\.mcp:[a-z0-9][a-z0-9_-]*(?:\/[!-~]+)?):(?<action>read|write|use|\*)$/;

export const ADMIN = "admin";

/** Ready-made sets of scopes for common jobs. */
export const SCOPE_PRESETS = {
  slack_integration: [
    "chat:*",
    "bots:read",
    "channels:write",
    "channels.config:write",
    "sessions:write",
    "todos:read",
    "dispatch.slack:use",
  ],
  chat_client: ["chat:*", "bots:read", "channels:write", "sessions:write", "attachments:write"],
  workspace_bot: [
    "chat:*",
    "bots:read",
    "channels:read",
    "sessions:write",
    "tasks:write",
    "documents:write",
    "knowledge:write",
    "todos:write",
    "workspaces.files:write",
  ],
  read_only: [
    "approvals:read",
    "attachments:read",
    "bots:read",
    "budgets:read",
    "carapaces:read",
    "channels:read",
    "deliveries:read",
    "documents:read",
    "evals:read",
    "inbox:read",
    "integrations:read",
    "knowledge:read",
    "logs:read",
    "memories:read",
    "mission_control:read",
    "people:read",
    "policies:read",
    "schedules:read",
    "sessions:read",
    "skills:read",
    "tasks:read",
    "templates:read",
    "todos:read",
    "tools:read",
    "usage:read",
    "workspaces:read",
  ],
  mission_control: [
    "mission_control:*",
    "channels:read",
    "bots:read",
    "tasks:read",
    "workspaces.files:write",
  ],
  admin_user: [ADMIN],
  member_user: [
    "chat:*",
    "attachments:write",
    "bots:read",
    "channels:write",
    "documents:read",
    "sessions:write",
    "tasks:read",
    "todos:write",
  ],
} as const satisfies Record<string, readonly string[]>;

export type ScopePreset = keyof typeof SCOPE_PRESETS;

/** What each preset is for, in a sentence for people. */
export const PRESET_PURPOSES: Record<ScopePreset, string> = {
  slack_integration: "For a bridge to Slack that runs elsewhere.",
  chat_client: "For a program in which people chat with bots.",
  workspace_bot: "For a program that works with documents and files like a bot.",
  read_only: "Sees everything but keys and settings, and changes nothing.",
  mission_control: "For a dashboard of runs and bots.",
  admin_user: "May do everything.",
  member_user: "For a person who works with bots and sets nothing up.",
};

/**
 * The resources that scopes can name. Some belong to features that this server does not have; keys and manifests
 * written for the guide's server use them.
 */
const RESOURCES = [
  ...[
    "api_keys",
    "approvals",
    "attachments",
    "bots",
    "budgets",
    "carapaces",
    "channels",
    "channels.config",
    "channels.heartbeat",
  ],
  ...[
    "channels.integrations",
    "channels.messages",
    "chat",
    "coding_agents",
    "deliveries",
    "dispatch",
    "documents",
    "evals",
    "inbox",
  ],
  ...[
    "integrations",
    "knowledge",
    "logs",
    "mcp",
    "mcp_servers",
    "memories",
    "mission_control",
    "operations",
    "people",
    "policies",
    "providers",
    "schedules",
    "sessions",
  ],
  ...["settings", "skills", "tasks", "templates", "todos", "tools", "usage", "users", "workspaces"],
  "workspaces.files",
];

/** What a resource is, for people who choose scopes. */
export const RESOURCE_WORDS: Readonly<Record<string, string>> = {
  api_keys: "API keys and signed-in browsers",
  approvals: "Calls of tools that wait for a person",
  attachments: "Files that came with messages",
  bots: "Bots: prompts, models, tools",
  budgets: "Budgets of tokens, costs and runs",
  carapaces: "Bundles of tools and skills",
  channels: "Channels with all that belongs to them",
  "channels.config": "Settings of channels",
  "channels.heartbeat": "Heartbeats of channels",
  "channels.integrations": "Bindings of channels and activated integrations",
  "channels.messages": "Messages to channels",
  chat: "Chats with bots",
  coding_agents: "Coding agents that bots have work for them",
  deliveries: "Deliveries and dead letters",
  dispatch: "Deliveries to any service",
  documents: "Documents and the search in them",
  evals: "Results of evals",
  inbox: "Webhooks that arrived",
  integrations: "Integrations: state, settings, routes, tools over MCP",
  logs: "The server's log and the output of processes",
  mcp: "Tools for programs that speak MCP",
  mcp_servers: "MCP servers that bots have tools of",
  memories: "What bots remember",
  mission_control: "Mission Control: board, plans, timeline, journal",
  people: "People of services, and whom of them bots trust",
  policies: "Rules about calls of tools",
  providers: "Model providers",
  schedules: "Schedules and what became of them",
  sessions: "Sessions and their messages",
  settings: "The server's own settings",
  skills: "Skills",
  tasks: "Runs",
  templates: "Templates",
  tools: "Tools",
  usage: "Tokens and costs",
  "workspaces.files": "Files that bots and people share",
};

/** Resources with one part per tool, dispatch type or integration, whose names are not known in advance. */
const NAMED_PART =
  /^(?:tools\.[A-Za-z0-9_-]+|tools\.mcp:[a-z0-9][a-z0-9_-]*(?:\/[!-)+-~]+)?|dispatch\.[A-Za-z0-9_-]+|integrations\.[A-Za-z0-9_-]+(?:\.store)?)$/;

export const isScope = (text: string): boolean => scopeProblem(text) === undefined;

/** Says why a text is not a scope, as a phrase that follows the text; undefined for a valid scope. */
export function scopeProblem(text: string): string | undefined {
  if (text === ADMIN) return undefined;
  const { resource, action } = SCOPE.exec(text)?.groups ?? {};
  if (resource === undefined) {
    const forms = '"admin" or "<resource>[.<part>]:read", ":write", ":use" or ":*"';
    const meant = nearest(text, [ADMIN, ...RESOURCES]);
    return `must be ${forms}${meant === undefined ? "" : `; did you mean "${meant === ADMIN ? ADMIN : `${meant}:read`}"?`}`;
  }
  if (RESOURCES.includes(resource) || NAMED_PART.test(resource)) return undefined;
  const isAlike = (known: string) => known.includes(".") === resource.includes(".");
  const meant = nearest(resource, RESOURCES.filter(isAlike)) ?? nearest(resource, RESOURCES);
  return meant === undefined
    ? `is not a scope; the resources are ${RESOURCES.join(", ")}`
    : `is not a scope; did you mean "${meant}:${action}"?`;
}

/** Scopes for rows that have an owner; `chat:write` covers several of these kinds. */
const OWNED = [
  "channels:write",
  "chat:write",
  "deliveries:write",
  "documents:write",
  "schedules:write",
  "sessions:write",
  "tasks:write",
];

/**
 * Whether a key with these scopes reaches all rows by default: true for an administrator's key and for a read-only key.
 * A key that writes rows is one client among many and sees its own rows.
 */
export const seesAll = (scopes: readonly string[]): boolean =>
  scopes.includes(ADMIN) ||
  !scopes.some((scope) =>
    OWNED.some((owned) => covers([scope], owned) || (covers([owned], scope) && !scope.endsWith(":read"))),
  );

/**
 * Whether a key with the scopes `held` may do what `wanted` asks for. Write includes read, a resource includes its
 * parts ("channels:read" covers "channels.messages:read"), `*` is every action, `admin` everything.
 */
export function covers(held: readonly string[], wanted: string): boolean {
  if (held.includes(ADMIN)) return true;
  const goal = SCOPE.exec(wanted)?.groups;
  if (!goal) return false;
  return held.some((scope) => {
    const have = SCOPE.exec(scope)?.groups;
    if (!have) return false;
    const inside = isInside(goal.resource ?? "", have.resource ?? "");
    const isCovered =
      have.action === "*" ||
      have.action === goal.action ||
      (have.action === "write" && goal.action === "read");
    return inside && isCovered;
  });
}

const OF_MCP = "tools.mcp:";

/** A server includes its tools; a tool with a dot in its name does not belong to another tool. */
function isInside(resource: string, of: string): boolean {
  if (resource === of) return true;
  if (!of.startsWith(OF_MCP)) return resource.startsWith(`${of}.`);
  return !of.includes("/") && resource.startsWith(`${of}/`);
}
