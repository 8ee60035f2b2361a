// The agent: models, the capabilities of a run, the loop, and the worker that runs it.

import { type AgentOptions, createAgent } from "../agent/turn.ts";
import type { OutsideRuns, SpendOutside } from "../budgets/outside-runs.ts";
import { createActivations } from "../capabilities/activations.ts";
import type { Config } from "../config/config.ts";
import type { ApprovalNotices } from "../dispatch/approval-notices.ts";
import type { Logger } from "../log.ts";
import type { Policies } from "../policies/policies.ts";
import { mostOutgoingRequests, OUTGOING_REQUESTS_VARIABLE } from "../runtime/outgoing-requests.ts";
import { createJoin } from "../sessions/join.ts";
import { createTranscriptionEndpoint, type SpendTranscription } from "../transcription/endpoint.ts";
import { createTranscription } from "../transcription/transcription.ts";
import { createWorker } from "../worker/worker.ts";
import type { CapabilityParts } from "./capabilities.ts";
import type { Content } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import type { IntegrationParts } from "./integrations.ts";
import type { Models } from "./models.ts";
import type { Storage } from "./storage.ts";
import { transcribeFor } from "./transcribe-for.ts";

export function createAgentParts(
  config: Config,
  storage: Storage,
  content: Content & Pick<CapabilityParts, "capabilitiesOf" | "fittingSkills">,
  { registry }: IntegrationParts,
  {
    outbox,
    streams,
    sealer,
    actions,
    delegate,
    budgets,
  }: Conversation & { budgets: { spending: AgentOptions["spending"]; outside: Pick<OutsideRuns, "spend"> } },
  models: Models,
  { decide, notices }: Pick<Policies, "decide"> & { notices: ApprovalNotices },
) {
  const { db, queue, events, log, redactor, instruments } = storage;
  const { redact } = redactor;
  const { tools, carapaces, hooks, capabilitiesOf, fittingSkills } = content;
  const activations = createActivations({
    db,
    integrations: registry,
    carapaces,
    hasTool: (name) => tools.get(name) !== undefined,
  });
  const llm = instruments?.llm(models.llm) ?? models.llm;
  const transcription = createTranscription({
    hooks,
    endpoint:
      config.transcription &&
      createTranscriptionEndpoint({
        ...{ ...config.transcription, redact },
        spend: transcribing(budgets.outside.spend, models, config.transcription.baseUrl),
      }),
  });
  const agent = createAgent({
    db,
    llm,
    tools: instruments?.tools?.(tools) ?? tools,
    capabilitiesOf,
    fittingSkills,
    hooks,
    join: createJoin({ db, queue }),
    stage: events,
    decide,
    delegate: instruments?.delegate?.(delegate) ?? delegate,
    spending: budgets.spending,
    log: log.getChild("agent"),
    redact,
    actions,
    settings: {
      get defaultModel() {
        return models.defaultModel();
      },
      windowOf: models.providers.windowOf,
      readsPdfs: models.providers.readsPdfs,
      fallbackModels: [...config.fallbackModels],
      timezone: config.timezone,
    },
  });
  const startWorker = () => {
    warnOfFewRequests(config, log);
    return createWorker({
      db,
      queue,
      agent,
      outbox,
      streams,
      dispatchers: content.dispatchers,
      notices,
      sealer,
      onCommit: events.committed,
      onStopAsked: events.onStopAsked,
      redact,
      log: log.getChild("worker"),
      concurrency: config.workerConcurrency,
      maxRunSeconds: config.taskMaxRunSeconds,
      maxUnattendedRuns: config.unattendedRunsPerHour,
    });
  };
  return { activations, transcription, transcribe: transcribeFor(transcription), startWorker };
}

/** What is left for deliveries and for the requests of integrations. */
const SPARE_REQUESTS = 64;

/** Each run has a request to its model open most of the time. */
function warnOfFewRequests({ workerConcurrency }: Config, log: Logger): void {
  const most = mostOutgoingRequests();
  const needed = workerConcurrency + SPARE_REQUESTS;
  if (most >= needed) return;
  log.warn(
    "WORKER_CONCURRENCY is {concurrency}, but this process makes only {most} HTTP requests at once: set {variable}={needed} in its environment, not in .env",
    { concurrency: workerConcurrency, most, variable: OUTGOING_REQUESTS_VARIABLE, needed },
  );
}

/** Ten tokens a second of sound at 16 kB, as the endpoints that count tokens do. */
const BYTES_PER_TOKEN = 1_600;

/** Transcriptions within the budgets. What an endpoint does not say is not counted as tokens. */
const transcribing =
  (spend: SpendOutside, models: Pick<Models, "costAt">, baseUrl: string | undefined): SpendTranscription =>
  ({ model, bytes, signal }, make) =>
    spend({ provider: null, model, tokens: Math.ceil(bytes / BYTES_PER_TOKEN), signal }, async () => {
      const { value, used } = await make();
      const cost_usd = used && models.costAt(baseUrl, model, used);
      return { value, used: { prompt_tokens: 0, completion_tokens: 0, ...used, cost_usd } };
    });
