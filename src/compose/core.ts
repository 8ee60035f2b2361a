// The parts of Heddle that a server and a worker share. Each wing has a file here and receives the wings before it.

import { createApiKeys } from "../access/api-keys.ts";
import { ADMIN } from "../access/scopes.ts";
import type { Config } from "../config/config.ts";
import { openPublicUrl } from "../config/public-url.ts";
import { checkSdkCall } from "../http/api/sdk-checks.ts";
import { createCallerRequests } from "../http/gateway/caller-requests.ts";
import { createSdkServices } from "../integrations/loading/sdk-services.ts";
import { createPeople } from "../people/people.ts";
import { openPolicies } from "../policies/policies.ts";
import { createAgentParts } from "./agent.ts";
import { openApprovals } from "./approvals.ts";
import { openBudgets } from "./budgets.ts";
import { createCapabilityParts } from "./capabilities.ts";
import type { Closers } from "./closers.ts";
import { openCodingAgents } from "./coding-agents.ts";
import { openContent } from "./content.ts";
import { createServerControls } from "./controls.ts";
import { openConversation } from "./conversation.ts";
import { openIntegrations } from "./integrations.ts";
import { openMcp } from "./mcp.ts";
import { openModels } from "./models.ts";
import { openPublished } from "./published.ts";
import { openSchedules } from "./schedules.ts";
import { addServerTools } from "./server-tools.ts";
import { type Instrument, openStorage } from "./storage.ts";

/** Everything but HTTP and the worker's loop. */
export type Core = Awaited<ReturnType<typeof openCore>>;

export interface CoreOptions {
  instrument?: Instrument | undefined;
  /** The address at which this server answers, unless only the operator knows how others reach it. Default: there is no server. */
  ownUrl?: () => string | undefined;
}

/** Opens the parts; each adds its closer. */
export async function openCore(
  config: Config,
  closers: Closers,
  { instrument, ownUrl = () => undefined }: CoreOptions = {},
) {
  const storage = await openStorage(config, closers, instrument);
  const search = async (query: string) =>
    (await files.documents.search({ query, limit: 3, visibleIn: null })).filter(({ weak }) => !weak);
  const models = await openModels(config, storage, search, closers);
  const budgets = await openBudgets(storage, closers);
  const files = await openContent(config, storage, models, budgets.outside.spend, closers);
  const integrations = await openIntegrations(config, storage, files, closers);
  const content = { ...files, ...createCapabilityParts(files, integrations, models, storage.log) };
  const publicUrl = await openPublicUrl({ ...storage, given: config.baseUrl });
  closers.push(publicUrl.close);
  const mcp = await openMcp(config, storage, content, closers, publicUrl.current);
  const conversation = openConversation(config, storage, content, integrations, closers);
  const policies = await openPolicies({ db: storage.db, log: storage.log.getChild("policies") });
  closers.push(policies.close);
  addServerTools({
    db: storage.db,
    tools: content.tools,
    tasks: conversation.tasks,
    integrations,
    models,
    mcp,
  });
  const schedules = openSchedules(config, storage, content, policies, conversation, closers);
  const approvals = openApprovals(storage, conversation, content, policies, closers, publicUrl.current);
  const asking = { decide: policies.decide, notices: approvals.notices };
  const codingAgents = await openCodingAgents(config, storage, content, conversation, asking, closers);
  const agent = createAgentParts(
    config,
    storage,
    content,
    integrations,
    { ...conversation, budgets },
    models,
    asking,
  );
  const { db, log, redactor, vault, events } = storage;
  const people = createPeople({ db, vault, onCommit: events.committed });
  const apiKeys = createApiKeys({ db, log: log.getChild("http"), staticKey: config.apiKey });
  closers.push(apiKeys.close);
  const { registry, settings, store, connections, accounts } = integrations;
  const controls = createServerControls(conversation, content);
  const baseUrl = () => publicUrl.current() ?? ownUrl();
  const published = openPublished({ db, redact: redactor.redact, committed: events.committed }, (of) =>
    registry.routeScopeOf(of),
  );
  const callers = createCallerRequests();
  const servicesFor = (id: string) =>
    createSdkServices(id, {
      sessions: conversation.sessions,
      documents: content.documents,
      settings,
      store,
      ...published,
      askAsCaller: callers.get,
      transcribe: agent.transcribe,
      connections,
      accounts,
      addSecret: redactor.add,
      allowPrivateHosts: config.allowPrivateHosts,
      check: checkSdkCall,
      controls,
      decideAs: approvals.decideAs,
      people,
      baseUrl,
    });
  const loadIntegrations = () => {
    mcp.start();
    void registry
      .loadAll(servicesFor)
      .catch((error) => log.error("Integrations could not be discovered: {error}", { error }));
  };
  return {
    storage,
    content,
    integrations,
    conversation,
    schedules,
    policies,
    budgets,
    approvals,
    agent,
    models,
    mcp,
    codingAgents,
    people,
    apiKeys,
    callers,
    baseUrl,
    publicUrl,
    loadIntegrations,
    keyOf: (integrationId: string): string =>
      apiKeys.issueEphemeral({ name: `In place of ${integrationId}`, scopes: [ADMIN], integrationId }).key,
  };
}
