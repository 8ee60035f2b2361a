// Answers while they are written: as a stream of Slack with a card for each tool, or by edits of a message where Slack has no streams.

import type { WebClient } from "@slack/web-api";
import type { StreamContext, StreamedTool, StreamUpdate } from "heddle/sdk";
import { codeOf } from "./client.ts";
import type { Target } from "./dispatcher.ts";
import { editText, MARKDOWN_LIMIT, postText, tsOf, type Where } from "./post.ts";

/** The message in which an answer is shown. */
export interface Shown {
  ts: string;
  kind: "stream" | "edits";
}

/** What this server has sent of a stream. Another server that takes the run over does not know it, and only finishes the stream. */
interface Sent {
  text: string;
  cards: Map<number, string>;
}

const MOST_STREAMS = 500;
const sent = new Map<string, Sent>();
/** Somebody has deleted the message, or the workspace lets nobody edit for longer. */
const GONE = new Set(["message_not_found", "edit_window_closed"]);
const failing = new Set([
  "channel_type_not_supported",
  "missing_recipient_user_id",
  "missing_recipient_team_id",
]);

export async function show(
  update: StreamUpdate<Target>,
  slack: WebClient,
  where: Where,
  { stream_id }: StreamContext,
): Promise<Shown> {
  const shown = update.handle as Shown | null;
  if (!shown) return begin(update, slack, where, stream_id);
  if (shown.kind === "edits") {
    await editText(slack, where.channel, shown.ts, preview(update));
    return shown;
  }
  const before = sent.get(stream_id);
  if (!before) return shown;
  const chunks = news(update, before);
  if (chunks.length > 0)
    await slack.apiCall("chat.appendStream", { channel: where.channel, ts: shown.ts, chunks });
  remember(stream_id, update);
  return shown;
}

async function begin(
  update: StreamUpdate<Target>,
  slack: WebClient,
  where: Where,
  id: string,
): Promise<Shown> {
  const { user_id, team_id } = update.config;
  // A stream can only grow.
  const grows = update.display === "append";
  if (grows && where.thread !== undefined && user_id !== undefined && team_id !== undefined) {
    try {
      const answer = await slack.apiCall("chat.startStream", {
        ...{ channel: where.channel, thread_ts: where.thread, task_display_mode: "timeline" },
        ...{ recipient_user_id: user_id, recipient_team_id: team_id },
        chunks: news(update, { text: "", cards: new Map() }, true),
      });
      remember(id, update);
      return { ts: tsOf(answer), kind: "stream" };
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined || !isRefusal(code)) throw error;
    }
  }
  return { ts: await postText(slack, where, preview(update)), kind: "edits" };
}

/** Not every plan, kind of channel and version of the server has streams; without them, a message is edited instead. */
const isRefusal = (code: string): boolean =>
  failing.has(code) ||
  ["unknown_method", "method_not_supported_for_channel_type", "feature_not_enabled", "paid_only"].includes(
    code,
  ) ||
  ["missing_scope", "invalid_arguments", "access_denied", "not_allowed"].includes(code);

/** Puts the answer in the place of what was shown; false if that is gone, or may be edited no more, so that the answer needs a message of its own. */
export async function finish(
  slack: WebClient,
  channel: string,
  shown: Shown,
  text: string,
): Promise<boolean> {
  try {
    if (shown.kind === "stream") await stop(slack, channel, shown);
    await editText(slack, channel, shown.ts, text);
    return true;
  } catch (error) {
    if (!GONE.has(codeOf(error) ?? "")) throw error;
    return false;
  }
}

async function stop(slack: WebClient, channel: string, { ts }: Shown): Promise<void> {
  try {
    await slack.apiCall("chat.stopStream", { channel, ts });
  } catch (error) {
    // An earlier attempt has ended it, or Slack itself has.
    if (codeOf(error) !== "message_not_in_streaming_state") throw error;
  }
}

function remember(id: string, { text, tools }: StreamUpdate<Target>): void {
  sent.delete(id);
  if (sent.size >= MOST_STREAMS) sent.delete(sent.keys().next().value as string);
  sent.set(id, { text, cards: new Map(tools.map((tool, index) => [index, cardOf(tool)])) });
}

/** What Slack has not been told yet, as chunks. */
function news({ text, tools }: StreamUpdate<Target>, before: Sent, isFirst = false): object[] {
  const chunks: object[] = [];
  for (const [index, tool] of tools.entries()) {
    if (before.cards.get(index) === cardOf(tool)) continue;
    chunks.push({
      ...{ type: "task_update", id: `tool-${index}`, title: tool.name, status: STATES[tool.status] },
      ...(tool.progress && { details: tool.progress.slice(0, 250) }),
    });
  }
  const more = text.startsWith(before.text) ? text.slice(before.text.length) : `\n\n${text}`;
  // A stream can only grow; the whole answer is put in its place at the end.
  if (more.trim() !== "" && text.length <= MARKDOWN_LIMIT) chunks.push({ type: "markdown_text", text: more });
  else if (isFirst && chunks.length === 0) chunks.push({ type: "markdown_text", text: "…" });
  return chunks;
}

const STATES = { running: "in_progress", done: "complete", failed: "error" };
const cardOf = ({ status, progress }: StreamedTool): string => `${status} ${progress ?? ""}`;

function preview({ text, tools }: StreamUpdate<Target>): string {
  if (text !== "") return text.length > MARKDOWN_LIMIT ? `…${text.slice(-MARKDOWN_LIMIT + 1)}` : text;
  const lines = tools.slice(-10).map(({ name, status, progress }) => {
    const mark = { running: "⏳", done: "✅", failed: "❌" }[status];
    return `${mark} ${name}${progress ? `: ${progress.slice(0, 250)}` : ""}`;
  });
  return lines.length > 0 ? lines.join("\n") : "…";
}
