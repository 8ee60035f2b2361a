import { expect, test } from "bun:test";
import { type ChatEvent, newRun, withEvent } from "../../src/web/pages/chat/live-run.ts";
import {
  type Entry,
  type Message,
  storedThread,
  type Task,
  withLive,
} from "../../src/web/pages/chat/thread.ts";

let second = 0;
const message = (id: string, fields: Partial<Message> = {}): Message => ({
  id,
  session_id: "s",
  role: "user",
  content: id,
  source: "chat",
  metadata: {},
  from_person: true,
  task_id: null,
  tool_calls: null,
  tool_call_id: null,
  attachments: [],
  files: [],
  created_at: new Date(++second * 1_000).toISOString(),
  ...fields,
});
const answer = (task_id: string, content: string, fields: Partial<Message> = {}) =>
  message(content, { role: "assistant", task_id, content, ...fields });
const task = (id: string, message_id: string, fields: Partial<Task> = {}): Task =>
  ({ id, message_id, status: "complete", merged_into: null, completed_at: null, ...fields }) as Task;

const stored = (parts: { messages: Message[]; tasks: Task[] }) =>
  storedThread({ ...parts, streamed: undefined });

/** In short: what stands in which order. */
const shown = (entries: Entry[]) =>
  entries.map((entry) =>
    entry.kind === "message"
      ? entry.message.content
      : [
          entry.taskId,
          ...entry.pieces.map((piece) =>
            piece.kind === "text" ? piece.text : `${piece.tool} ${piece.status}`,
          ),
        ],
  );

test("an answer stands with its message, although another message arrived before it", () => {
  const messages = [message("one"), message("two"), answer("t1", "first"), answer("t2", "second")];
  const tasks = [task("t2", "two"), task("t1", "one")];
  expect(shown(stored({ messages, tasks }))).toEqual(["one", ["t1", "first"], "two", ["t2", "second"]]);
  // A message without a run does not move what follows it.
  expect(shown(stored({ messages, tasks: tasks.slice(1) }))).toEqual([
    "one",
    "two",
    ["t1", "first"],
    ["t2", "second"],
  ]);
});

test("a message that joined a run stands between the parts of its answer", () => {
  const calls = [
    {
      id: "c",
      name: "look",
      arguments: "{}",
      call_id: "x",
      status: "done" as const,
      error: null,
      duration_ms: 1,
    },
  ];
  const messages = [
    message("one"),
    answer("t1", "let me look", { tool_calls: calls }),
    message("result", { role: "tool", task_id: "t1", tool_call_id: "c" }),
    message("and two"),
    answer("t1", "both"),
  ];
  const tasks = [task("t2", "and two", { status: "merged", merged_into: "t1" }), task("t1", "one")];
  const thread = stored({ messages, tasks });
  expect(shown(thread)).toEqual(["one", ["t1", "let me look", "look done"], "and two", ["t1", "both"]]);
  expect(thread[1]).toMatchObject({ pieces: [{}, { result: "result", callId: "x" }] });
});

test("a run that failed stands with its message; one that goes on is told by its stream alone", () => {
  const messages = [message("one"), message("two"), answer("t2", "stored already")];
  const tasks = [
    task("t2", "two", { status: "running" }),
    task("t1", "one", { status: "failed", error: "No." }),
  ];
  const events: ChatEvent[] = [
    { type: "accepted", data: {} },
    { type: "started", data: { attempt: 1 } },
    { type: "text_delta", data: { text: "Wrong" } },
    { type: "text_reset", data: {} },
    { type: "text_delta", data: { text: "Let me " } },
    { type: "text_delta", data: { text: "look" } },
    { type: "assistant_text", data: { text: "Let me look." } },
    { type: "tool_start", data: { tool: "look", call_id: "x", args: { at: "it" } } },
    {
      type: "tool_result",
      data: { tool: "look", call_id: "x", duration_ms: 3, error: "Dark." },
      id: "place",
    },
    { type: "llm_retry", data: { reason: "busy", delay_ms: 1_500 } },
  ];
  const live = events.reduce(withEvent, newRun("t2"));
  expect(live).toMatchObject({
    state: "running",
    lastId: "place",
    notice: "The model is asked again in 2 s: busy",
  });
  const thread = withLive(storedThread({ messages, tasks, streamed: "t2" }), live, { messages, tasks });
  expect(shown(thread)).toEqual(["one", ["t1"], "two", ["t2", "Let me look.", "look failed"]]);
  expect(thread[1]).toMatchObject({ task: { error: "No." } });
  const asked = withEvent(live, { type: "approval_request", data: { tool: "look" } });
  expect(asked.notice).toBe("A person decides on look");
  expect(withEvent(asked, { type: "approval_resolved", data: {} }).notice).toBe(null);
  expect(withEvent(live, { type: "response", data: {} }).state).toBe("ended");
  expect(withEvent(live, { type: "merged", data: { merged_into: "t3" } })).toMatchObject({
    taskId: "t3",
    pieces: [],
  });
});
