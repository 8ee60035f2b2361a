// `heddle chat`: talks to a bot in the terminal.

import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { HeddleError } from "../../errors.ts";
import { plain } from "../plain.ts";
import type { SentFile } from "./attach.ts";
import type { StreamingConnection } from "./connect.ts";
import { readStream, type Told } from "./read-stream.ts";

export interface ChatTalk {
  /** Default: the server's default bot. */
  botId?: string | undefined;
  clientId: string;
  /** They go with the first message. */
  attachments?: SentFile[];
}

/** What the terminal offers. */
export interface Terminal {
  input: NodeJS.ReadableStream;
  write(text: string): void;
  /** Shown beside the conversation, such as tool calls. */
  note(text: string): void;
  /** Whether a person reads it; otherwise nothing but answers is written. */
  isInteractive: boolean;
  /** Calls the listener for each Ctrl-C; returns a function that removes it. */
  onInterrupt(listener: () => void): () => void;
}

const PROMPT = "> ";
const RECONNECT_MS = 1_000;
const MOST_RECONNECTS = 60;

/** Talks until the input ends or the person leaves. Throws "unavailable" if the server is gone for good. */
export async function chat(
  server: Pick<StreamingConnection, "post" | "stream">,
  talk: ChatTalk,
  terminal: Terminal,
): Promise<void> {
  const { input, isInteractive } = terminal;
  const lines = createInterface({ input, terminal: false });
  const leave = new AbortController();
  const prompt = () => isInteractive && terminal.write(PROMPT);
  // At the prompt, Ctrl-C leaves; during a run, answer() takes it.
  let isBusy = false;
  let { attachments = [] } = talk;
  const forget = terminal.onInterrupt(() => {
    if (isBusy) return;
    leave.abort();
    lines.close();
  });
  if (isInteractive) terminal.note("Ctrl-C cancels an answer, and leaves at the prompt.\n");
  if (isInteractive && attachments.length > 0)
    terminal.note(`${attached(attachments)} with your first message.\n`);
  prompt();
  try {
    for await (const line of lines) {
      if (line.trim() !== "") {
        isBusy = true;
        await answer(server, { ...talk, attachments, message: line }, terminal, leave);
        attachments = [];
        isBusy = false;
      }
      if (leave.signal.aborted) break;
      prompt();
    }
  } finally {
    forget();
    lines.close();
  }
  if (isInteractive) terminal.write("\n");
}

const attached = (files: SentFile[]): string =>
  `${files.map(({ name }) => plain(name)).join(", ")} ${files.length === 1 ? "goes" : "go"}`;

/** Sends a message and shows what becomes of it. The first Ctrl-C cancels the run, the second leaves. */
async function answer(
  server: Pick<StreamingConnection, "post" | "stream">,
  { botId, clientId, message, attachments = [] }: ChatTalk & { message: string },
  terminal: Terminal,
  leave: AbortController,
): Promise<void> {
  let taskId: string | undefined;
  let isCancelled = false;
  const cut = new AbortController();
  const cancel = () => {
    if (taskId !== undefined) server.post(`/api/v1/tasks/${taskId}/cancel`).catch(() => undefined);
  };
  const forget = terminal.onInterrupt(() => {
    if (isCancelled) {
      leave.abort();
      cut.abort();
      return;
    }
    isCancelled = true;
    cancel();
  });
  const shown = createShown(terminal);
  const body = {
    message,
    client_id: clientId,
    idempotency_key: crypto.randomUUID(),
    ...(botId !== undefined && { bot_id: botId }),
    ...(attachments.length > 0 && { attachments }),
  };
  let last: string | undefined;
  try {
    for (let tries = 0; ; tries++) {
      try {
        const response = await server.stream("/api/v1/chat/stream", body, {
          signal: cut.signal,
          ...(last !== undefined && { headers: { "last-event-id": last } }),
        });
        for await (const told of readStream(response)) {
          last = told.id ?? last;
          tries = 0;
          if (typeof told.data.task_id === "string") taskId ??= told.data.task_id;
          if (isCancelled && told.event === "accepted") cancel();
          if (shown(told)) return;
        }
      } catch (error) {
        const isGone = !(error instanceof HeddleError) || error.code === "unavailable";
        if (cut.signal.aborted) return;
        if (!isGone || tries >= MOST_RECONNECTS) throw error;
        if (tries === 0) terminal.note("[The connection was lost; trying again.]\n");
      }
      await pause(RECONNECT_MS, undefined, { signal: cut.signal }).catch(() => undefined);
      if (cut.signal.aborted) return;
    }
  } finally {
    forget();
  }
}

/** Returns a function that shows an event, and says whether it was the last. */
function createShown({ write, note, isInteractive }: Terminal): (told: Told) => boolean {
  let text = "";
  const say = (more: string) => {
    text += more;
    if (isInteractive) write(plain(more));
  };
  const end = (line: string) => {
    if (isInteractive && text !== "" && !text.endsWith("\n")) write("\n");
    note(line);
  };
  return ({ event, data }) => {
    switch (event) {
      case "text_delta":
        say(String(data.text));
        return false;
      case "text_reset":
        if (isInteractive) end(`[${plain(String(data.reason))}]\n`);
        text = "";
        return false;
      case "tool_start":
        if (isInteractive) end(`· ${plain(String(data.tool))} ${short(data.args)}\n`);
        text = "";
        return false;
      case "tool_result":
        if (isInteractive && data.error !== undefined) end(`  failed: ${plain(String(data.error))}\n`);
        return false;
      // Without these, a run that waits for somebody, or for a model that is overloaded, would look like one that hangs.
      case "approval_request":
        end(waitsFor(data));
        text = "";
        return false;
      case "approval_resolved":
        if (isInteractive) end(`[${plain(String(data.tool))}: ${plain(String(data.verdict))}.]\n`);
        return false;
      case "llm_retry":
        if (isInteractive) end(`[The model is asked again: ${plain(String(data.reason))}]\n`);
        return false;
      case "merged":
        if (isInteractive) end("[Answered together with another message.]\n");
        return false;
      case "response":
        if (isInteractive) write(text.endsWith("\n") ? "" : "\n");
        else write(`${plain(String(data.text))}\n`);
        return true;
      case "cancelled":
        end("[Cancelled.]\n");
        return true;
      case "error":
        if (!isInteractive) throw new HeddleError("upstream", plain(String(data.message)));
        end(`heddle: ${plain(String(data.message))}\n`);
        return true;
      case "tool_request":
        end("[The bot asks for a tool of another client.]\n");
        return true;
      default:
        return false;
    }
  };
}

function waitsFor({ tool, arguments: args, approval_id: id }: Told["data"]): string {
  const call = `${plain(String(tool))} ${short(args)}`;
  return `[${call} waits for a person: heddle approvals approve ${plain(String(id))}, or deny.]\n`;
}

const ARGS_LENGTH = 200;
const short = (args: unknown): string => {
  const text = plain(JSON.stringify(args ?? {})).replaceAll("\n", " ");
  return text.length > ARGS_LENGTH ? `${text.slice(0, ARGS_LENGTH)}…` : text;
};
