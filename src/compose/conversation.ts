// The path of a message except for the run itself: inbox, sessions, channels, and the delivery of answers.

import { createReadFiles, type ReadFiles } from "../attachments/read-files.ts";
import { createBindings } from "../channels/bindings.ts";
import { createChannelSessions } from "../channels/channel-sessions.ts";
import { createChannels } from "../channels/channels.ts";
import { bindablesIn } from "../channels/check-binding.ts";
import { createIntegrationDirectory } from "../channels/integration-directory.ts";
import { type Chat, createChat } from "../chat/chat.ts";
import { createFollow } from "../chat/follow.ts";
import { createOpenAiSessions } from "../chat/openai/openai-sessions.ts";
import { createOutcomes } from "../chat/outcome.ts";
import type { Config } from "../config/config.ts";
import { createInternalDispatcher } from "../dispatch/core/internal.ts";
import { createOutbox } from "../dispatch/outbox.ts";
import { createCheckConfig, createConfigSealer } from "../dispatch/seal-config.ts";
import { createCleanUp } from "../dispatch/streams/clean-up.ts";
import { createStreams } from "../dispatch/streams/streams.ts";
import { currentCursor } from "../events/log.ts";
import { createInbox } from "../inbox/inbox.ts";
import { createDeliveryCredentials } from "../listeners/delivery-credentials.ts";
import { createKeptActions, type KeptActions } from "../secrets/kept-actions.ts";
import { createCallBack } from "../sessions/call-back.ts";
import { type ClientTools, createClientTools } from "../sessions/client-tools.ts";
import { createDelegation } from "../sessions/delegation.ts";
import { sessionExists } from "../sessions/list-sessions.ts";
import { createPurge } from "../sessions/purge.ts";
import { createSessions, type Sessions } from "../sessions/sessions.ts";
import { createTasks } from "../sessions/tasks.ts";
import type { CapabilityParts } from "./capabilities.ts";
import type { Closers } from "./closers.ts";
import type { Content } from "./content.ts";
import type { IntegrationParts } from "./integrations.ts";
import type { Storage } from "./storage.ts";

/** The sender of messages of the dispatch type "internal". Ids of integrations have no spaces, so none can be equal. */
const INTERNAL = "internal dispatch";

export type Conversation = ReturnType<typeof openConversation>;

export function openConversation(
  config: Config,
  storage: Storage,
  content: Content & Pick<CapabilityParts, "missingOnceLoaded">,
  integrations: IntegrationParts,
  closers: Closers,
) {
  const { registry } = integrations;
  const { db, queue, events, log, redactor, vault } = storage;
  const { dispatchers, bots } = content;
  const { whenReady: integrationsReady } = registry;
  const { sealer, actions, outbox, streams } = openDelivery(storage, content, integrations, closers);
  const inbox = createInbox({
    db,
    vault,
    log: log.getChild("inbox"),
    redact: redactor.redact,
    maxBodyBytes: config.inboxMaxBodyBytes,
    retentionDays: config.inboxRetentionDays,
  });
  closers.push(inbox.close);
  openPurge(config, storage, closers);
  const directory = createIntegrationDirectory({ metas: registry.metas, log: log.getChild("channels") });
  const checkConfig = createCheckConfig({
    dispatchers,
    integrationsReady,
    sessionExists: (id) => sessionExists(db.query, id),
  });
  const readFiles = createReadFiles({ readPdf: content.readPdf });
  const sessions = createSessions({
    db,
    missingNames: content.missingOnceLoaded,
    readFiles,
    queue,
    outbox,
    dispatchers,
    directory,
    vault,
    checkConfig,
    sealer,
    integrationsReady,
    recordOf: inbox.recordOf,
    onInterrupt: events.askToStop,
    log: log.getChild("sessions"),
  });
  const clientTools = openClientTools(storage, closers);
  registerInternal(storage, content, { sessions, clientTools, sealer });
  const channelSessions = createChannelSessions({ db, sealer });
  const tasks = createTasks({
    db,
    queue,
    cleanUp: createCleanUp({ outbox, sealer, log: log.getChild("dispatch") }),
    onStop: events.askToStop,
  });
  const places = { db, checkConfig, sealer, directory };
  return {
    sealer,
    actions,
    outbox,
    streams,
    inbox,
    directory,
    events,
    sessions,
    chat: openChat(storage, sessions, actions),
    openAi: openOpenAi(storage, readFiles, clientTools),
    delegate: createDelegation({ db, inject: sessions.inject }),
    channelSessions,
    tasks,
    channels: createChannels({ ...places, botExists: bots.exists }),
    bindings: createBindings({
      ...places,
      vault,
      bindables: () => bindablesIn(registry.list()),
      integrationsReady,
    }),
  };
}

/** What deletes old conversations, if the operator wants that. */
function openPurge({ sessionRetentionDays: retentionDays }: Config, { db, log }: Storage, closers: Closers) {
  if (retentionDays > 0)
    closers.push(createPurge({ db, log: log.getChild("sessions"), retentionDays }).close);
}

/** What gives answers to dispatchers. */
function openDelivery(
  { db, queue, log: serverLog, redactor, vault, instruments }: Storage,
  { dispatchers }: Content,
  { connections, settings }: Pick<IntegrationParts, "connections" | "settings">,
  closers: Closers,
) {
  const log = serverLog.getChild("dispatch");
  const sealer = createConfigSealer({ dispatchers, vault });
  const actions = createKeptActions({ redact: redactor.redact, vault });
  const performing = instruments?.dispatchers(dispatchers) ?? dispatchers;
  const credentials = createDeliveryCredentials({
    ...{ connections, log },
    ownerOf: (type) => dispatchers.ownerOf(type),
    hurry: (id) => outbox.hurry(dispatchers.typesOf(id)),
  });
  const outbox = createOutbox({
    ...{ db, queue, dispatchers: performing, sealer, actions, redactor, log },
    onOutcome: credentials.heard,
  });
  closers.push(
    settings.onChange((id) => void credentials.changed(id).catch((error) => log.error("{error}", { error }))),
  );
  const streams = createStreams({ db, dispatchers: performing, sealer, redactor, log });
  return { sealer, actions, outbox, streams };
}

function openChat(
  { db, events }: Pick<Storage, "db" | "events">,
  sessions: Sessions,
  actions: KeptActions,
): Chat {
  const outcomes = createOutcomes({ db, actions });
  const follow = createFollow({ db, events, outcomes });
  return createChat({ sessions, outcomes, follow, onCommit: events.committed });
}

function openClientTools({ db, queue, events, log }: Storage, closers: Closers): ClientTools {
  const tools = createClientTools({ db, queue, log: log.getChild("sessions"), onCommit: events.committed });
  closers.push(tools.close);
  return tools;
}

/** Registered once sessions exist: it injects into sessions, whose answers go through dispatchers. */
function registerInternal(
  { db: { query } }: Pick<Storage, "db">,
  { dispatchers, coreDispatchers }: Content,
  {
    sessions: { inject },
    clientTools,
    sealer,
  }: Pick<Conversation, "sessions" | "sealer"> & { clientTools: ClientTools },
): void {
  const internal = createInternalDispatcher({
    inject: (message, hops) => inject(message, INTERNAL, { hops }),
    callBack: createCallBack({ query, inject, sealer }),
    answer: clientTools.answer,
  });
  dispatchers.replaceOwner("core", new Map(Object.entries({ ...coreDispatchers, internal })));
}

function openOpenAi({ db }: Storage, readFiles: ReadFiles, clientTools: ClientTools) {
  return {
    clientTools,
    openAiSessions: createOpenAiSessions({ query: db.query, readFiles }),
    now: () => currentCursor(db),
  };
}
