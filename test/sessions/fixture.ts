// Sessions over a real database and queue, with the parts around them.

import { getLogger } from "@logtape/logtape";
import { createReadFiles, type ReadPdf } from "../../src/attachments/read-files.ts";
import { openBudgets } from "../../src/budgets/budgets.ts";
import { createLargest } from "../../src/budgets/largest.ts";
import { createOutsideRuns } from "../../src/budgets/outside-runs.ts";
import { createReserve } from "../../src/budgets/reserve.ts";
import { createBindings } from "../../src/channels/bindings.ts";
import { createChannelSessions } from "../../src/channels/channel-sessions.ts";
import { createChannels } from "../../src/channels/channels.ts";
import { type BindingManifest, bindablesIn } from "../../src/channels/check-binding.ts";
import { createIntegrationDirectory } from "../../src/channels/integration-directory.ts";
import { createChat } from "../../src/chat/chat.ts";
import { createFollow } from "../../src/chat/follow.ts";
import { createOpenAiSessions } from "../../src/chat/openai/openai-sessions.ts";
import { createOutcomes } from "../../src/chat/outcome.ts";
import { createBots } from "../../src/content/bots/bots.ts";
import { createInternalDispatcher } from "../../src/dispatch/core/internal.ts";
import { noneDispatcher } from "../../src/dispatch/core/none.ts";
import { createOutbox } from "../../src/dispatch/outbox.ts";
import { createDispatchers } from "../../src/dispatch/registry.ts";
import { createCheckConfig, createConfigSealer } from "../../src/dispatch/seal-config.ts";
import { createCleanUp } from "../../src/dispatch/streams/clean-up.ts";
import { createStreams } from "../../src/dispatch/streams/streams.ts";
import { createEvents } from "../../src/events/events.ts";
import { currentCursor } from "../../src/events/log.ts";
import { createInbox } from "../../src/inbox/inbox.ts";
import { createPeople } from "../../src/people/people.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { createRedactor } from "../../src/redact.ts";
import { createScan } from "../../src/schedules/scan.ts";
import { createSchedules } from "../../src/schedules/schedules.ts";
import type { Dispatcher, IntegrationMeta } from "../../src/sdk/types.ts";
import { createKeptActions } from "../../src/secrets/kept-actions.ts";
import { createCallBack } from "../../src/sessions/call-back.ts";
import { createClientTools } from "../../src/sessions/client-tools.ts";
import { sessionExists } from "../../src/sessions/list-sessions.ts";
import type { MissingInConfig } from "../../src/sessions/prepare.ts";
import { createSessions } from "../../src/sessions/sessions.ts";
import { createTasks } from "../../src/sessions/tasks.ts";
import type { TestDatabase } from "../database.ts";
import { testVault } from "../secrets/test-vault.ts";

const log = getLogger("heddle");

/** Two bots ("default", "other"), the dispatch type "none" and the given ones, and the integrations' metadata. */
export async function createSessionsFixture(
  db: TestDatabase,
  dispatchersOfTest: Record<string, Dispatcher> = {},
  metas: IntegrationMeta[] = [],
  /** The manifest's `binding`, by integration. */
  manifests: Record<string, { binding: BindingManifest }> = {},
  missingNames: MissingInConfig = () => [],
) {
  const redactor = createRedactor();
  const vault = testVault();
  const queue = await createQueue({ db, log });
  db.beforeClose(queue.close);
  const events = await createEvents({ db, log });
  db.beforeClose(events.close);
  const dispatchers = createDispatchers({
    none: noneDispatcher,
    internal: createInternalDispatcher({
      inject: (message, hops) => sessions.inject(message, "internal dispatch", { hops }),
      callBack: (...call) => createCallBack({ query: db.query, inject: sessions.inject, sealer })(...call),
      answer: (...call) => clientTools.answer(...call),
    }),
    ...dispatchersOfTest,
  });
  const sealer = createConfigSealer({ dispatchers, vault });
  const actions = createKeptActions({ redact: redactor.redact, vault });
  const outbox = createOutbox({
    db,
    queue,
    dispatchers,
    sealer,
    actions,
    redactor,
    log,
    random: () => 0.5,
  });
  const bots = createBots(db.query);
  for (const id of ["default", "other"]) {
    if (!(await bots.exists(id))) await bots.create({ id, name: id });
  }
  const integrationsReady = Promise.resolve();
  const inbox = createInbox({
    db,
    log,
    redact: redactor.redact,
    vault,
    maxBodyBytes: 100_000,
    retentionDays: 30,
  });
  const directory = createIntegrationDirectory({ metas: () => metas, log, timeoutMs: 200 });
  const checkConfig = createCheckConfig({
    dispatchers,
    integrationsReady,
    sessionExists: (id) => sessionExists(db.query, id),
  });
  const parts = {
    db,
    queue,
    outbox,
    streams: createStreams({ db, dispatchers, sealer, redactor, log }),
    dispatchers,
    vault,
    sealer,
    checkConfig,
    directory,
    integrationsReady,
    log,
    recordOf: inbox.recordOf,
    missingNames,
    readFiles: createReadFiles({ readPdf }),
  };
  const sessions = createSessions(parts);
  const tasks = createTasks({ db, queue, cleanUp: createCleanUp({ outbox, sealer, log }) });
  const channels = createChannels({ db, checkConfig, sealer, directory, botExists: bots.exists });
  const outcomes = createOutcomes({ db, actions });
  const follow = createFollow({ db, events, outcomes });
  const clientTools = createClientTools({ db, queue, log, onCommit: events.committed });
  db.beforeClose(clientTools.close);
  const openAi = {
    clientTools,
    openAiSessions: createOpenAiSessions({ query: db.query, readFiles: parts.readFiles }),
    now: () => currentCursor(db),
  };
  const chat = createChat({ sessions, outcomes, follow, onCommit: events.committed });
  const channelSessions = createChannelSessions({ db, sealer });
  const clock = { now: () => new Date() };
  const schedules = createSchedules({ db, timezone: "Europe/Vienna", ...clock });
  const scan = createScan({
    db,
    log,
    ...clock,
    activeSession: channelSessions.active,
    call: async () => ({ content: "", error: null }),
    inject: sessions.inject,
  });
  const people = createPeople({ db, vault, onCommit: events.committed });
  const counted = await openBudgets({ db, log, ...clock });
  const reserve = createReserve({ db, log, ...clock });
  const outside = createOutsideRuns({
    ...{ db, log, reserve, applying: counted.applying, largest: createLargest() },
    clock: () => performance.now(),
  });
  const budgets = { ...counted, outside };
  db.beforeClose(budgets.close);
  const views = metas.map((meta) => ({
    id: meta.integrationType,
    isLive: true,
    meta,
    setup: manifests[meta.integrationType] ?? null,
  }));
  const bindings = createBindings({ ...parts, bindables: () => bindablesIn(views) });
  return {
    ...parts,
    actions,
    inbox,
    events,
    bots,
    sessions,
    budgets,
    people,
    schedules: {
      ...schedules,
      timezone: "Europe/Vienna",
      runNow: async (...given: Parameters<typeof schedules.runNow>) =>
        scan.fire((await schedules.runNow(...given)).id),
    },
    tasks,
    chat,
    openAi,
    channels,
    channelSessions,
    bindings,
    redactor,
  };
}

/** Stands for the process that reads PDFs. */
const readPdf: ReadPdf = async () => ({ ok: true, text: "The text of the PDF.", pages: 1, isCut: false });
