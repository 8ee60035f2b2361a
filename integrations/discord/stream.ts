// Answers while they are written, in a message that is edited and has a button to stop the run.

import type { StreamContext, StreamUpdate } from "heddle/sdk";
import type { Target } from "./place.ts";
import { edit, LIMIT, marked, postMessage, replying, type Shown } from "./post.ts";

export async function show(
  update: StreamUpdate<Target>,
  { signal, stream_id }: StreamContext,
): Promise<Shown> {
  const { config, handle } = update;
  const message = { content: preview(update), components: stopButton(update.task.id) };
  const shown = (handle as Shown | null) ?? (config.interaction ? { interaction: true } : null);
  if (!shown) {
    // If nobody knows whether it was posted, the next update finds it, so that no half of an answer stays behind.
    const json = marked({ ...message, ...replying(config) }, stream_id);
    return { message_id: await postMessage(config, json, signal) };
  }
  await edit(config, shown, message, signal);
  return shown;
}

const stopButton = (taskId: string) => [
  { type: 1, components: [{ type: 2, style: 2, label: "Stop", custom_id: `heddle:stop:${taskId}` }] },
];

function preview({ text, tools }: StreamUpdate<Target>): string {
  if (text.trim() !== "") return text.length > LIMIT ? `…${text.slice(1 - LIMIT)}` : text;
  const lines = tools.slice(-10).map(({ name, status, progress }) => {
    const mark = { running: "⏳", done: "✅", failed: "❌" }[status];
    return `${mark} ${name.slice(0, 60)}${progress ? `: ${progress.slice(0, 100)}` : ""}`;
  });
  return lines.length > 0 ? lines.join("\n") : "…";
}
