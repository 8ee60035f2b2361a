// One run of an agent for one message: loads its start, runs the loop, and stores each step as it happens.

import type { SpendingRun } from "../budgets/spending.ts";
import type { CapabilitiesOf } from "../capabilities/effective-set.ts";
import type { Database } from "../db/database.ts";
import { storable, storableJson } from "../db/storable.ts";
import type { Hooks } from "../hooks/hooks.ts";
import { newId } from "../ids.ts";
import type { Llm } from "../llm/llm.ts";
import type { Logger } from "../log.ts";
import type { Decide } from "../policies/policies.ts";
import type { Redact } from "../redact.ts";
import type { JsonObject } from "../sdk/types.ts";
import type { KeptActions } from "../secrets/kept-actions.ts";
import { announce } from "./announce.ts";
import { createArrivals, type Join } from "./arrivals.ts";
import { createCalls } from "./calls.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import { createRefusals, type Refusals } from "./compaction/refusals.ts";
import { CONTEXT_WINDOW_TOKENS } from "./context/budget.ts";
import { type Clock, createClock } from "./context/current-time.ts";
import { createWindows, type Windows } from "./context/windows.ts";
import type { Delegate } from "./delegating.ts";
import { loadSteps, type StoredSteps } from "./load-steps.ts";
import { type LoadedTurn, loadTurn } from "./load-turn.ts";
import { type LoopResult, runLoop } from "./loop.ts";
import { openConversation } from "./open-conversation.ts";
import { createOutputReader, type OutputReader } from "./output.ts";
import { failureOf, isOver, paused } from "./run-end.ts";
import { createRunEvents, type RunEvents } from "./run-events.ts";
import { openTools } from "./run-tools.ts";
import { recordWarnings, saveCutWarning } from "./run-warnings.ts";
import { type RunWatcher, type ShownRun, type Stage, showRun } from "./show-run.ts";
import { spendingRun } from "./spending-run.ts";
import { createStepKeeper } from "./step-keeper.ts";
import type { FinalStep } from "./steps.ts";
import { createStrangers, senderOf } from "./strangers.ts";
import { GET_SKILL } from "./tools/builtin/get-skill.ts";
import { createToolRanking, type RankTools } from "./tools/ranking.ts";
import type { ToolRegistry } from "./tools/registry.ts";
import { type FittingSkills, withFittingSkills } from "./with-fitting-skills.ts";

export { type FinalStep, saveFinalStep } from "./steps.ts";

export interface TurnOutcome {
  text: string;
  /** The answer as data, if the message has an output_schema. */
  output?: unknown;
  /** Actions of tools for the dispatcher, in the order in which the calls ended. */
  clientActions: JsonObject[];
  /** Not stored yet: call `saveFinalStep` in the transaction that completes the task. */
  final: FinalStep;
}

export interface AgentSettings {
  /** The model of bots that name none. */
  defaultModel: string;
  /** The fallback models of bots that name none. */
  fallbackModels: string[];
  /** IANA name. */
  timezone: string;
  /** Model calls with tools in one run, for bots that set none. Default 15. */
  maxIterations?: number;
  /** Tokens. Default 128,000 for every model. */
  windowOf?: (model: string) => number;
  /** Whether a model gets PDFs themselves, and not only their text. Default: none does. */
  readsPdfs?: (model: string) => boolean;
}

export interface AgentOptions {
  db: Database;
  llm: Llm;
  tools: Pick<ToolRegistry, "get" | "list">;
  /** Returns what a run has besides its bot's prompt. Must do no I/O, because every turn calls it. */
  capabilitiesOf: CapabilitiesOf;
  fittingSkills?: FittingSkills;
  hooks: Pick<Hooks, "fire">;
  log: Logger;
  redact: Redact;
  /** Stores the actions of tools for dispatchers. */
  actions: KeptActions;
  settings: AgentSettings;
  /** Default: no message waits for a run. */
  join?: Join;
  /** What the policies say about a call. */
  decide: Decide;
  /** Starts the run of work that a bot delegates. Default: no bot can. */
  delegate?: Delegate;
  /** Returns the model of this run, which keeps to its budgets. Default: there are none. */
  spending?: (run: SpendingRun, llm: Llm) => Llm;
  /** Default: nobody watches. */
  stage?: Stage;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export interface Agent {
  /**
   * Runs a task to its answer, continuing after the steps that an earlier claim has stored. The watcher is told what happens.
   * @throws `paused`, or HeddleError `unknown_bot`, `model_failed`, `worker_lost` (the claim is another's), or the signal's reason.
   */
  runTurn(task: ClaimedTask, signal: AbortSignal, watcher?: RunWatcher): Promise<TurnOutcome>;
}

const MAX_ITERATIONS = 15;
const NOTHING_STORED: StoredSteps = {
  resume: { iterations: 0, steps: [], unanswered: [] },
  messageIds: new Map(),
  clientActions: [],
  toolCallsMade: 0,
  hasStrangers: false,
};

export function createAgent(options: AgentOptions): Agent {
  const clock = createClock(options.settings.timezone);
  const rankTools = createToolRanking();
  const windows = createWindows(options.settings.windowOf ?? (() => CONTEXT_WINDOW_TOKENS));
  const refusals = createRefusals(options.now ?? Date.now);
  return {
    async runTurn(task, signal, watcher) {
      const progress = { toolCallsMade: 0 };
      const events = createRunEvents(options.hooks, task);
      const shown = showRun(options.stage, task, options.redact, watcher);
      try {
        const outcome = await run({
          ...options,
          rankTools,
          clock,
          windows,
          refusals,
          task,
          signal,
          events,
          shown,
          progress,
        });
        events.emit(
          "after_response",
          { response_length: outcome.text.length, tool_calls_made: progress.toolCallsMade },
          { status: "complete", result: outcome.text },
        );
        return outcome;
      } catch (error) {
        if (isOver(error)) {
          const extra = { error: true, tool_calls_made: progress.toolCallsMade } as const;
          events.emit("after_response", extra, failureOf(error));
        }
        throw error;
      } finally {
        shown.close();
      }
    },
  };
}

interface Run extends AgentOptions {
  rankTools: RankTools;
  clock: Clock;
  windows: Windows;
  refusals: Refusals;
  task: ClaimedTask;
  signal: AbortSignal;
  events: RunEvents;
  shown: ShownRun;
  progress: { toolCallsMade: number };
}

async function run(given: Run): Promise<TurnOutcome> {
  const { db, settings, task, signal, events, progress, now = Date.now } = given;
  const [turn, stored] = await Promise.all([
    loadTurn(db.query, task, given.clock),
    // A first claim cannot have left steps.
    task.attempt > 1 ? loadSteps(db.query, task.id, given.actions) : NOTHING_STORED,
  ]);
  const llm = given.spending?.(spendingRun(task, turn), given.llm) ?? given.llm;
  const run = { ...given, llm };
  events.knowMessage(turn);
  events.emit("before_context_assembly", { user_message: turn.userMessage });
  progress.toolCallsMade = stored.toolCallsMade;
  const { bot, channel } = turn;
  const named = run.capabilitiesOf({
    bot,
    channel: { ...channel, activations: turn.activations },
    message: {
      skills: task.execution_config.skills ?? [],
      tools: task.execution_config.tools ?? [],
      // Text from outside is data: it must not bring the operator's skills into the run.
      text: turn.fromPerson ? turn.userMessage : "",
    },
  });
  const capabilities = await withFittingSkills(named, turn.userMessage, run.fittingSkills);
  const tools = await openTools({ ...run, turn, capabilities });
  const missing = [...capabilities.warnings, ...tools.warnings];
  await recordWarnings(missing, run);
  const models = modelsOf(task, turn, settings);
  const strangers = createStrangers({
    ...run,
    tools: tools.callable.values(),
    isLed: turn.isStrangers || stored.hasStrangers,
  });
  const conversation = openConversation({
    ...run,
    strangers,
    turn,
    capabilities: { ...capabilities, onDemand: tools.callable.has(GET_SKILL) ? capabilities.onDemand : [] },
    models,
    tools: tools.shown,
  });
  const steps = createStepKeeper({ ...run, report: conversation.report }, stored);

  const { output_schema } = task.execution_config;
  const output = output_schema && createOutputReader(output_schema);
  const result = await runLoop({
    llm,
    ...models,
    outputSchema: output_schema,
    mustCall: task.execution_config.must_call,
    problemWith: output?.problemWith,
    tools: tools.shown,
    contextFor: conversation.messagesFor,
    shrink: conversation.shrink,
    ...createCalls({
      ...run,
      tools,
      keepBig: tools.keepBig,
      messageIdOf: steps.messageIdOf,
      strangers,
      sender: senderOf(task, turn),
      isLeft: (call) => stored.resume.unanswered.includes(call),
      onAsked: run.shown.stored,
      now,
    }),
    arrivals: createArrivals({ ...run, onStrangers: strangers.lead }, steps),
    async emit(event) {
      if (event.type === "tool_calls") progress.toolCallsMade += event.toolCalls.length;
      announce(event, run);
      run.shown.show(event);
      if (await steps.keep(event)) run.shown.stored();
    },
    now,
    signal,
    maxIterations: channel.max_iterations ?? bot.max_iterations ?? settings.maxIterations ?? MAX_ITERATIONS,
    resume: stored.resume,
  });
  if ("waitingFor" in result) throw paused;
  if (result.isCut) await saveCutWarning(missing, run);
  return outcomeOf(result, {
    output,
    clientActions: steps.clientActions,
    context: conversation.report(),
  });
}

function outcomeOf(
  { text: said, isCut, iteration, call }: LoopResult,
  {
    output,
    clientActions,
    context,
  }: Pick<TurnOutcome, "clientActions"> & Pick<FinalStep, "context"> & { output: OutputReader | undefined },
): TurnOutcome {
  // The answer is delivered unredacted, as the model wrote it.
  const data = output && storableJson(output.read(said));
  const text = storable(output ? JSON.stringify(data) : said);
  return {
    text,
    ...(output && { output: data }),
    clientActions,
    // Data that matches its schema is whole, whatever else the model would have written.
    final: { messageId: newId(), iteration, text, isCut: isCut && !output, call, context },
  };
}

function modelsOf({ execution_config }: ClaimedTask, { bot, channel }: LoadedTurn, settings: AgentSettings) {
  const { defaultModel, fallbackModels } = settings;
  return {
    model: execution_config.model_override ?? channel.model_override ?? bot.model ?? defaultModel,
    fallbackModels: bot.fallback_models.length > 0 ? bot.fallback_models : fallbackModels,
  };
}
