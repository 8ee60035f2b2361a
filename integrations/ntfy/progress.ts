// Answers while they are written, in a silent notification that each update and at last the answer replaces.

import type { StreamContext, StreamUpdate } from "heddle/sdk";
import { publish } from "./client.ts";
import { settings } from "./config.ts";
import { head, type Target } from "./target.ts";

/** Neither sound nor vibration; the answer has both. */
const SILENT = 1;
const LONGEST = 1_000;

/** Whether the server has sequences: one without would show each update as a notification of its own. */
export interface Shown {
  replaced: boolean;
}

export async function showProgress(
  update: StreamUpdate<Target>,
  { signal }: StreamContext,
): Promise<Shown | null> {
  const shown = update.handle as Shown | null;
  const message = preview(update);
  if (!settings.NTFY_STREAM || message === "" || shown?.replaced === false) return shown;
  const notification = { ...head(update.config), sequence_id: update.task.id, priority: SILENT, message };
  const { sequence } = await publish(notification, signal);
  return { replaced: sequence !== undefined };
}

function preview({ text, tools }: StreamUpdate<Target>): string {
  if (text.trim() !== "") return text.length > LONGEST ? `…${text.slice(1 - LONGEST)}`.toWellFormed() : text;
  const running = tools.filter(({ status }) => status === "running").slice(-5);
  return running
    .map(({ name, progress }) => `${name.slice(0, 60)}: ${(progress ?? "…").slice(0, 100)}`)
    .join("\n");
}
