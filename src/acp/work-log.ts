// What a coding agent says and does while it works, within bounds.

import { isAbsolute, relative } from "node:path";
import type { SessionUpdate } from "@agentclientprotocol/sdk";

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
  let answer = "";
  let isNew = true;
  const actions = new Map<string, string>();
  const files = new Set<string>();

  function noteFile(path: string): void {
    const inside = isAbsolute(path) ? relative(folder, path) : path;
    if (files.size < MOST_FILES) files.add(inside.slice(0, LONGEST_TITLE));
  }

  return {
    note(update: SessionUpdate): void {
      switch (update.sessionUpdate) {
        case "agent_message_chunk": {
          if (update.content.type !== "text") return;
          // What it says between its actions tells what it is about to do; the last message is the answer.
          answer = ((isNew ? "" : answer) + update.content.text).slice(-LONGEST_ANSWER);
          isNew = false;
          return;
        }
        case "tool_call":
        case "tool_call_update": {
          isNew = true;
          const title = update.title?.slice(0, LONGEST_TITLE);
          if (title) {
            if (actions.has(update.toolCallId) || actions.size < MOST_ACTIONS)
              actions.set(update.toolCallId, title);
            onProgress(title);
          }
          for (const part of update.content ?? []) if (part.type === "diff") noteFile(part.path);
          if (CHANGES.includes(update.kind ?? ""))
            for (const { path } of update.locations ?? []) noteFile(path);
          return;
        }
        case "plan": {
          const current = update.entries.find(({ status }) => status === "in_progress");
          if (current) onProgress(current.content.slice(0, LONGEST_TITLE));
        }
      }
    },
    done: (stopReason: string): WorkDone => ({
      stopReason,
      answer: answer.toWellFormed(),
      actions: [...actions.values()],
      files: [...files],
    }),
  };
}
