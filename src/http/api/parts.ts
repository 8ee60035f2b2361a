// The parts of the server that the HTTP side uses, grouped by wing.

import type { ApiKeys } from "../../access/api-keys.ts";
import type { Revocations } from "../../access/revocations.ts";
import type { SignInLinks } from "../../access/sign-in-links.ts";
import type { SignIns } from "../../access/sign-ins.ts";
import type { Activations } from "../../capabilities/activations.ts";
import type { Bindings } from "../../channels/bindings.ts";
import type { ChannelSessions } from "../../channels/channel-sessions.ts";
import type { Channels } from "../../channels/channels.ts";
import type { IntegrationDirectory } from "../../channels/integration-directory.ts";
import type { Chat } from "../../chat/chat.ts";
import type { AskOptions } from "../../chat/openai/ask.ts";
import type { Bots } from "../../content/bots/bots.ts";
import type { Database } from "../../db/database.ts";
import type { Outbox } from "../../dispatch/outbox.ts";
import type { Dispatchers } from "../../dispatch/registry.ts";
import type { ConfigSealer } from "../../dispatch/seal-config.ts";
import type { Events } from "../../events/events.ts";
import type { Inbox } from "../../inbox/inbox.ts";
import type { IntegrationStore } from "../../integrations/settings/store.ts";
import type { Logger } from "../../log.ts";
import type { LogBuffer } from "../../log-buffer.ts";
import type { Redact } from "../../redact.ts";
import type { RepairsOptions } from "../../repairs/repairs.ts";
import type { Documents } from "../../search/documents.ts";
import type { Embeddings } from "../../search/embedder.ts";
import type { Reindex } from "../../search/reindex.ts";
import type { KeptActions } from "../../secrets/kept-actions.ts";
import type { ClientTools } from "../../sessions/client-tools.ts";
import type { Sessions } from "../../sessions/sessions.ts";
import type { Tasks } from "../../sessions/tasks.ts";
import type { Transcription } from "../../transcription/transcription.ts";
import type { CallerRequests } from "../gateway/caller-requests.ts";
import type { MountedIntegrations } from "../gateway/integrations-gateway.ts";
import type { ReceiveOptions } from "../gateway/receive.ts";
import type { WebOptions } from "../web/web.ts";
import type { OwnershipParts } from "./create-ownership.ts";
import type { OpenApiOptions } from "./openapi/openapi.ts";
import type { ServerFacts } from "./routes/about.ts";
import type { AccountRoutes } from "./routes/admin/accounts.ts";
import type { CodingAgentRoutes } from "./routes/admin/coding-agents.ts";
import type { AdminActionRoutes } from "./routes/admin/integration-actions.ts";
import type { EditableFiles } from "./routes/admin/integration-files.ts";
import type { AdminSettingRoutes } from "./routes/admin/integration-settings.ts";
import type { AdminIntegrationRoutes } from "./routes/admin/integrations.ts";
import type { McpServerRoutes } from "./routes/admin/mcp-servers.ts";
import type { ProcessRoutes } from "./routes/admin/processes.ts";
import type { ProviderRoutes } from "./routes/admin/providers.ts";
import type { ApprovalRoutes } from "./routes/approvals.ts";
import type { BotRoutes } from "./routes/bots.ts";
import type { BudgetRoutes } from "./routes/budgets.ts";
import type { CarapaceRoutes } from "./routes/carapaces.ts";
import type { ConnectionRoutes } from "./routes/connections.ts";
import type { EvalCallRoutes } from "./routes/eval-calls.ts";
import type { IntegrationRoutes } from "./routes/integrations.ts";
import type { MemoryRoutes } from "./routes/memories.ts";
import type { PeopleRoutes } from "./routes/people.ts";
import type { PolicyRoutes } from "./routes/policies.ts";
import type { ScheduleRoutes } from "./routes/schedules.ts";
import type { SkillRoutes } from "./routes/skills.ts";
import type { TemplateRoutes } from "./routes/templates.ts";
import type { ToolRoutes } from "./routes/tools.ts";
import type { WorkspaceFileRoutes } from "./routes/workspace-files.ts";

export interface AppParts {
  conversation: ConversationParts;
  content: ContentParts;
  integrations: IntegrationParts;
  models: Omit<ProviderRoutes, "route">;
  policies: Pick<PolicyRoutes, "policies" | "toolOf"> & Pick<ApprovalRoutes, "approvals">;
  mcp: McpServerRoutes["mcp"];
  codingAgents: CodingAgentRoutes["agents"];
  access: AccessParts;
  processes: ProcessRoutes["processes"];
}

export interface AccessParts {
  apiKeys: ApiKeys;
  signIns: SignIns;
  signInLinks: SignInLinks;
  revocations: Pick<Revocations, "watch">;
  /** How long after signing in a browser may make keys and approve code. */
  signInFreshMs: number;
  /** Replaces the secrets that are known. */
  redact: Redact;
  /** Redacts a token from now on. */
  addSecret: (secret: string) => void;
}

/** The parts that a message passes through. */
export interface ConversationParts {
  inbox: Inbox;
  sealer: ConfigSealer;
  actions: Pick<KeptActions, "show">;
  directory: Pick<IntegrationDirectory, "prefixes">;
  sessions: Sessions;
  schedules: ScheduleRoutes["schedules"];
  budgets: BudgetRoutes["budgets"] & { outside: EvalCallRoutes["calls"] };
  people: PeopleRoutes["people"];
  channels: Channels;
  channelSessions: ChannelSessions;
  bindings: Bindings;
  tasks: Tasks;
  outbox: Pick<Outbox, "list" | "count" | "get" | "redeliver" | "change" | "canChange">;
  events: Events;
  chat: Chat;
  /** What maps requests of the OpenAI-compatible API onto sessions. */
  openAi: Pick<AskOptions, "openAiSessions" | "now"> & { clientTools: Omit<ClientTools, "close"> };
}

/** The content that runs use: bots, skills, carapaces, templates, tools. */
export interface ContentParts {
  bots: Pick<Bots, "list" | "get" | "exists" | "create" | "update" | "delete">;
  botFiles: BotRoutes["botFiles"];
  documents: Documents;
  memories: MemoryRoutes["memories"];
  reindex: Reindex;
  embeddings: Embeddings;
  tools: ToolRoutes["tools"];
  tryTool: ToolRoutes["tryTool"];
  callToolOverMcp: ToolRoutes["tryTool"];
  dispatchers: Pick<Dispatchers, "get">;
  homeFiles: SkillRoutes["homeFiles"];
  workspace: { edited: EditableFiles } & WorkspaceFileRoutes["workspace"];
  skills: SkillRoutes["skills"];
  copiesOfSkills: SkillRoutes["copiesOfSkills"];
  carapaces: CarapaceRoutes["carapaces"];
  templates: TemplateRoutes["templates"];
  capabilitiesOf: CarapaceRoutes["capabilitiesOf"];
  missingNames: CarapaceRoutes["missingNames"];
  transcription: Transcription;
}

export interface IntegrationParts {
  registry: {
    /** Resolves when each integration has been loaded or has failed to load. */
    whenReady: Promise<unknown>;
  } & MountedIntegrations &
    OwnershipParts["integrations"] &
    OpenApiOptions["integrations"] &
    IntegrationRoutes["integrations"] &
    AdminIntegrationRoutes["integrations"] &
    AdminActionRoutes["integrations"] &
    TemplateRoutes["integrations"] &
    ReceiveOptions["integrations"];
  settings: AdminSettingRoutes["settings"] & ReceiveOptions["settings"];
  states: AdminActionRoutes["states"];
  store: IntegrationStore;
  connections: ConnectionRoutes["connections"];
  accounts: AccountRoutes["accounts"];
  listConnections: RepairsOptions["connections"] & ConnectionRoutes["listConnections"];
  activations: Activations;
  installPackages: AdminActionRoutes["installPackages"];
}

/** Facts and limits of the server itself. */
export interface AppOptions {
  version: string;
  db: Database;
  log: Logger;
  /** Requests per second that one sender may make to one integration's public routes. */
  webhookRateLimit?: number;
  /** How many bytes of bodies on public routes may be held in memory at once. */
  webhookBytesInFlight?: number;
  /** Addresses and networks of proxies whose X-Forwarded-For is trusted. */
  trustedProxies?: readonly string[];
  /** This server's public address without a trailing slash; undefined if only the operator could know it. */
  baseUrl: () => string | undefined;
  /** The public address that the operator has set or an administrator has stored as BASE_URL. */
  publicUrl: () => string | undefined;
  /** The address at which a browser on this machine reaches the server. */
  localUrl: () => string;
  logs: LogBuffer;
  /** Lets routes of integrations ask the API as who calls them. Default: they cannot. */
  callers?: CallerRequests;
  server: ServerFacts;
  /** The wall clock. */
  now?: () => number;
  /** Rejects while the server cannot work. */
  isReady: () => Promise<void>;
  /** Aborted when the server stops, which ends the streams that it answers with. */
  signal: AbortSignal;
  /** @scalar/api-reference's standalone script, for /swagger. */
  scalarBundle: () => Promise<Blob | undefined>;
  /** The admin UI's bundle. */
  webFiles: WebOptions["files"];
}
