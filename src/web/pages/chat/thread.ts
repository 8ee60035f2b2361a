// What a conversation shows, in order: stored messages with what became of their runs, the run that goes on, and what is
// just being sent.

import type { components } from "../../api/openapi.gen.ts";
import { type ShownFile, sentFiles } from "../../parts/sent-files.ts";
import type { LiveRun, Piece, ToolPiece } from "./live-run.ts";

export type Message = components["schemas"]["Message"];
export type Task = components["schemas"]["Task"];

/** A tool call with its result and the files it sent, where they are stored already. */
export type ShownPiece =
  | Exclude<Piece, ToolPiece>
  | (ToolPiece & { result: string | null; files: ShownFile[] });

export interface Answer {
  kind: "answer";
  key: string;
  taskId: string | null;
  pieces: ShownPiece[];
  /** When its last part was stored; null while it goes on. */
  at: string | null;
  live: LiveRun | null;
  /** The run, for the last answer of a run that is known. */
  task: Task | null;
}

export type Entry = { kind: "message"; key: string; message: Message; task: Task | null } | Answer;

export interface StoredParts {
  messages: readonly Message[];
  /** The newest first. */
  tasks: readonly Task[];
  /** The run whose stream is followed from its beginning, so that its stored messages are left out. */
  streamed: string | undefined;
}

/** What is stored. Its entries stay the same objects while a run is streamed. */
export function storedThread({ messages, tasks, streamed }: StoredParts): Entry[] {
  const taskOf = new Map(tasks.map((task) => [task.message_id, task]));
  const results = resultsOf(messages);
  const entries: Entry[] = [];
  const lastOf = new Map<string, Answer>();
  for (const message of messages) {
    if (message.role === "tool" || (streamed !== undefined && message.task_id === streamed)) continue;
    if (message.role !== "assistant") {
      entries.push({ kind: "message", key: message.id, message, task: taskOf.get(message.id) ?? null });
      continue;
    }
    const at = placeOf(entries, message.task_id);
    const before = entries[at - 1];
    const pieces = piecesOf(message, results.get(message.id));
    if (before?.kind === "answer" && before.taskId === message.task_id) {
      before.pieces.push(...pieces);
      before.at = message.created_at;
    } else {
      const isFirst = message.task_id !== null && !lastOf.has(message.task_id);
      const answer = answerOf(message, pieces, isFirst);
      entries.splice(at, 0, answer);
      if (message.task_id !== null) lastOf.set(message.task_id, answer);
    }
  }
  for (const task of tasks) {
    const answer = lastOf.get(task.id);
    if (answer) answer.task = task;
    else if (task.id !== streamed && isOver(task)) insertAfter(entries, task.message_id, problemOf(task));
  }
  return entries;
}

/** The first answer of a run keeps the key that it had while it was streamed, so that what the reader has unfolded stays open. */
const answerOf = ({ id, task_id, created_at }: Message, pieces: ShownPiece[], isFirst: boolean): Answer => ({
  kind: "answer",
  key: isFirst && task_id !== null ? task_id : id,
  taskId: task_id,
  pieces,
  at: created_at,
  live: null,
  task: null,
});

const problemOf = (task: Task): Answer => ({
  kind: "answer",
  key: task.id,
  taskId: task.id,
  pieces: [],
  at: task.completed_at,
  live: null,
  task,
});

/** The run that answers the message of the task. */
const runOf = ({ id, merged_into }: Task): string => merged_into ?? id;

/**
 * Where the next part of this run's answer belongs: at the end, unless messages have arrived meanwhile that other runs
 * answer. Then it stays with its own.
 */
function placeOf(entries: readonly Entry[], run: string | null): number {
  const isOwn = (entry: Entry) =>
    entry.kind === "message" ? entry.task !== null && runOf(entry.task) === run : entry.taskId === run;
  const last = run === null ? -1 : entries.findLastIndex(isOwn);
  const others = entries.slice(last + 1);
  const isPassed = others.some((entry) => entry.kind === "message" && entry.task !== null);
  return last >= 0 && isPassed ? last + 1 : entries.length;
}

/** Ended without an answer of its own. */
const isOver = ({ status }: Task): boolean => status === "failed" || status === "cancelled";

/** Adds the answer of the run in progress. */
export function withLive(
  entries: Entry[],
  live: LiveRun,
  { messages, tasks }: Pick<StoredParts, "messages" | "tasks">,
): Entry[] {
  const results = resultsOf(messages);
  const resultOf = new Map(
    messages
      .filter(({ task_id }) => task_id === live.taskId)
      .flatMap(({ id: message, tool_calls }) =>
        (tool_calls ?? []).map(({ id, call_id }) => [call_id, results.get(message)?.get(id)] as const),
      ),
  );
  const answer: Answer = {
    kind: "answer",
    key: live.taskId,
    taskId: live.taskId,
    pieces: live.pieces.map((piece) =>
      piece.kind === "text" ? piece : { ...piece, ...shownResult(resultOf.get(piece.callId)) },
    ),
    at: null,
    live,
    task: tasks.find(({ id }) => id === live.taskId) ?? null,
  };
  // Below the last of the messages that it answers.
  const asked = new Set(
    tasks
      .filter(({ id, merged_into }) => id === live.taskId || merged_into === live.taskId)
      .map(({ message_id }) => message_id),
  );
  const at = entries.findLastIndex((entry) => entry.kind === "message" && asked.has(entry.message.id));
  return at < 0 ? [...entries, answer] : entries.toSpliced(at + 1, 0, answer);
}

function insertAfter(entries: Entry[], messageId: string, entry: Answer): void {
  const at = entries.findIndex((one) => one.kind === "message" && one.message.id === messageId);
  if (at >= 0) entries.splice(at + 1, 0, entry);
}

/** By message and by the id of the call, which is unique within one message only. */
type Results = Map<string, Map<string, Message>>;

const shownResult = (message: Message | undefined) => ({
  result: message?.content ?? null,
  files: message ? sentFiles(message) : [],
});

function resultsOf(messages: readonly Message[]): Results {
  const found: Results = new Map();
  let current = new Map<string, Message>();
  for (const message of messages) {
    const { id, role, tool_call_id } = message;
    if (role === "assistant") {
      current = new Map();
      found.set(id, current);
    } else if (tool_call_id !== null) current.set(tool_call_id, message);
  }
  return found;
}

function piecesOf({ content, tool_calls }: Message, results: Map<string, Message> | undefined): ShownPiece[] {
  const text: ShownPiece[] = content.trim() === "" ? [] : [{ kind: "text", text: content }];
  const tools = (tool_calls ?? []).map((call): ShownPiece => {
    const answer = results?.get(call.id);
    return {
      kind: "tool",
      callId: call.call_id ?? call.id,
      tool: call.name,
      args: call.arguments,
      // A call that was never begun has no status, only the result that says so.
      status: call.status ?? (answer ? "failed" : "running"),
      durationMs: call.duration_ms,
      error: call.error,
      ...shownResult(answer),
    };
  });
  return [...text, ...tools];
}
