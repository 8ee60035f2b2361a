// Opens the conversation of a run: what its model gets, within the model's window.

import { fileData } from "../attachments/store.ts";
import type { Capabilities } from "../capabilities/effective-set.ts";
import type { Database } from "../db/database.ts";
import { AttemptFailure } from "../llm/attempt.ts";
import type { Llm, LlmAttachment, LlmTool } from "../llm/llm.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import { attached, createFiles, showPdfs } from "./attached.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { Refusals } from "./compaction/refusals.ts";
import { type CompactionRecord, saveCompaction } from "./compaction/store.ts";
import { type Summary, type SummaryRequest, summarise, withoutNotes } from "./compaction/summarise.ts";
import { estimateTools, messageBudget } from "./context/budget.ts";
import type { Clock } from "./context/current-time.ts";
import { createFrame } from "./context/frame.ts";
import type { ContextInput } from "./context/source.ts";
import type { Windows } from "./context/windows.ts";
import { createConversation, type RunConversation } from "./conversation.ts";
import type { LoadedTurn } from "./load-turn.ts";
import type { Strangers } from "./strangers.ts";

export interface OpenConversation {
  db: Database;
  llm: Llm;
  log: Logger;
  redact: Redact;
  windows: Windows;
  refusals: Refusals;
  clock: Clock;
  task: ClaimedTask;
  turn: LoadedTurn;
  capabilities: Pick<Capabilities, "fragments" | "template" | "skills" | "askedSkills" | "onDemand">;
  models: { model: string; fallbackModels: string[] };
  /** May grow while the run goes on. */
  tools: readonly LlmTool[];
  strangers: Pick<Strangers, "hasRead">;
  settings: {
    /** Default: none does. */
    readsPdfs?: (model: string) => boolean;
  };
  signal: AbortSignal;
}

/** `shrink` learns from an endpoint that refused a request as too long. It returns false when no smaller window is of use. */
export type OpenedConversation = RunConversation & { shrink(error: Error): boolean };

export function openConversation(options: OpenConversation): OpenedConversation {
  const { db, llm, log, windows, task, turn, models, tools, signal } = options;
  const { model } = models;
  const { attachments = [] } = attached(turn.files);
  const { asked, past } = options.settings.readsPdfs?.(model)
    ? showPdfs(attachments, turn.history)
    : { asked: attachments, past: turn.history };
  const input = inputOf(options, asked);
  const conversation = createConversation({
    past,
    turn: turn.position,
    compacted: turn.compacted,
    isAsked: turn.isCompactionAsked,
    tools: () => estimateTools(tools),
    limits: () => ({ window: windows.of(model), budget: messageBudget(windows.of(model), tools) }),
    frame: (budget) => createFrame(input, budget),
    withFiles: createFiles((ids) => fileData(db.query, ids)),
    // The offline provider quotes passages; it cannot write a summary.
    summarise: llm.provider === "offline" ? null : (work) => writeNotes(options, work),
    hasOutside: options.strangers.hasRead,
    save: (record) =>
      saveCompaction(db, task, { ...record, error: record.error && options.redact(record.error) }),
    onCompacted: (record) => tell(log, task, record),
    signal,
  });
  return {
    ...conversation,
    shrink({ cause }) {
      const limit = cause instanceof AttemptFailure ? cause.tokenLimit : undefined;
      const before = windows.of(model);
      if (!windows.shrink(model, limit)) return false;
      log.warn(
        "Model {model} accepts fewer than {before} tokens, so it gets {window} from now on; set its context_window to the actual limit, see docs/models.md",
        { model, before, window: windows.of(model), task_id: task.id },
      );
      return true;
    },
  };
}

/** Not asked for again at once of a model that has refused to write them. */
async function writeNotes(
  { llm, models, windows, refusals, task: { session_id: session }, signal }: OpenConversation,
  work: Pick<SummaryRequest, "earlier" | "groups" | "room" | "onCall">,
): Promise<Summary> {
  const { model } = models;
  const until = refusals.pauseOf(session, model);
  if (until !== undefined) return withoutNotes({ ...work, until });
  const isDoubted = refusals.isDoubted(session, model);
  const budget = messageBudget(windows.of(model), []);
  const summary = await summarise({ llm, ...models, ...work, budget, isDoubted, signal });
  refusals.tell(session, model, summary.hasRefused);
  return summary;
}

function inputOf(
  { task, turn, clock, capabilities }: OpenConversation,
  attachments: LlmAttachment[],
): ContextInput {
  const { fragments, template, skills, askedSkills, onDemand } = capabilities;
  return {
    botPrompt: turn.bot.system_prompt,
    now: task.run_at.getTime(),
    clock,
    fragments,
    template,
    skills,
    askedSkills,
    onDemand,
    memory: turn.memory,
    channelPrompt: turn.channel.prompt ?? "",
    systemPreamble: task.execution_config.system_preamble ?? "",
    outputSchema: task.execution_config.output_schema,
    userMessage: turn.userMessage,
    ...(attachments.length > 0 && { attachments }),
    fromPerson: turn.fromPerson,
    ...(turn.isStrangers && { strangersId: task.message_id }),
  };
}

function tell(log: Logger, task: ClaimedTask, record: CompactionRecord): void {
  const facts = {
    session_id: task.session_id,
    task_id: task.id,
    before: record.tokensBefore,
    after: record.tokensAfter,
    messages: record.messages,
  };
  if (record.error !== null) {
    log.error("The conversation {session_id} is too long: {error}", { ...facts, error: record.error });
    return;
  }
  log.info(
    "The conversation {session_id} was compacted from {before} to {after} tokens; {messages} messages are in its summary",
    facts,
  );
}
