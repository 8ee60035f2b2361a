// What a coding agent says and does while it works, within bounds. Any field may be missing or of another type.

import { isAbsolute, relative } from "node:path";
import { type Fields, isObject, textOf } from "../llm/fields.ts";

export interface WorkDone {
  /** end_turn, max_tokens, max_turn_requests, refusal or cancelled. */
  stopReason: string;
  /** Its last message. */
  answer: string;
  /** What it did, the first ones first. */
  actions: string[];
  /** Those that it says it has changed, as paths in its folder. */
  files: string[];
}

const LONGEST_ANSWER = 20_000;
const LONGEST_TITLE = 300;
const MOST_ACTIONS = 100;
const MOST_FILES = 200;
/** Changes files. */
const CHANGES = ["edit", "delete", "move"];

export function createWorkLog(folder: string, onProgress: (message: string) => void) {
  const answer = createEnding(LONGEST_ANSWER);
  let isNew = true;
  const actions = new Map<string, string>();
  /** With the actions that change them. */
  const files = new Map<string, Set<string>>();
  /** What has failed, or was not allowed, has changed nothing. */
  const failed = new Set<string>();

  function noteFile(path: string, action: string): void {
    if (path === "") return;
    const file = cut(isAbsolute(path) ? relative(folder, path) : path);
    const by = files.get(file);
    if (!by && files.size >= MOST_FILES) return;
    if (by === undefined) files.set(file, new Set([action]));
    else if (by.size < MOST_ACTIONS) by.add(action);
  }

  function noteAction({ toolCallId, title: given, kind, content, locations, status }: Fields): void {
    isNew = true;
    const id = cut(textOf(toolCallId));
    if (status === "failed" && failed.size < MOST_ACTIONS) failed.add(id);
    else if (status === "completed") failed.delete(id);
    const title = cut(textOf(given));
    if (title !== "") {
      if (actions.has(id) || actions.size < MOST_ACTIONS) actions.set(id, title);
      onProgress(title);
    }
    for (const part of objectsOf(content)) if (part.type === "diff") noteFile(textOf(part.path), id);
    if (CHANGES.includes(textOf(kind)))
      for (const { path } of objectsOf(locations)) noteFile(textOf(path), id);
  }

  return {
    /** Takes an update of the protocol, as the agent has sent it. */
    note(update: unknown): void {
      if (!isObject(update)) return;
      switch (update.sessionUpdate) {
        case "agent_message_chunk": {
          const { content } = update;
          if (!isObject(content) || content.type !== "text") return;
          // What it says between its actions tells what it is about to do; the last message is the answer.
          if (isNew) answer.clear();
          answer.add(textOf(content.text));
          isNew = false;
          return;
        }
        case "tool_call":
        case "tool_call_update":
          noteAction(update);
          return;
        case "plan": {
          const current = objectsOf(update.entries).find(({ status }) => status === "in_progress");
          if (current) onProgress(cut(textOf(current.content)));
        }
      }
    },
    done: (stopReason: string): WorkDone => ({
      stopReason,
      answer: answer.text().toWellFormed(),
      actions: [...actions].map(([id, title]) => (failed.has(id) ? `${title} (failed)` : title)),
      files: [...files].filter(([, by]) => [...by].some((id) => !failed.has(id))).map(([file]) => file),
    }),
  };
}

const objectsOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** A copy: a part of a string keeps the whole of it in memory, which may be a message of many megabytes. */
const cut = (text: string): string =>
  text.length <= LONGEST_TITLE
    ? text
    : Buffer.from(text.slice(0, LONGEST_TITLE), "utf16le").toString("utf16le");

/** The end of a text that grows, at a cost that is linear in what is added. */
function createEnding(most: number) {
  let pieces: string[] = [];
  let length = 0;
  const text = () => pieces.join("").slice(-most);
  return {
    add(piece: string): void {
      pieces.push(piece.slice(-most));
      length += Math.min(piece.length, most);
      if (length <= 2 * most) return;
      pieces = [text()];
      length = most;
    },
    clear(): void {
      pieces = [];
      length = 0;
    },
    text,
  };
}
