// The provider that answers while no model is configured. It quotes and runs what it is told to, and says so.

import { HeddleError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import type { Llm, LlmEvent, LlmMessage, LlmRequest, LlmToolCall } from "./llm.ts";

export interface Passage {
  title: string | null;
  content: string;
  score: number;
}

export interface OfflineOptions {
  /** Finds passages, best first. */
  search: (query: string) => Promise<Passage[]>;
  /** Milliseconds, for durations. */
  now?: () => number;
}

const NO_MODEL =
  "No language model is configured, so this is not a model's answer. Set OPENAI_API_KEY (or OPENAI_BASE_URL for " +
  "another OpenAI-compatible endpoint) and DEFAULT_MODEL, and restart.";

/** The provider "offline": passages for a question, tool calls for lines such as `/tool_name {"key": "value"}`. */
export function createOfflineLlm({ search, now = Date.now }: OfflineOptions): Llm {
  return {
    provider: "offline",
    async *stream(request): AsyncGenerator<LlmEvent> {
      const started = now();
      throwIfAborted(request.signal);
      const { text, toolCalls } = await answer(request, search);
      throwIfAborted(request.signal);
      if (text !== "") yield { type: "text", text };
      yield {
        type: "done",
        text,
        toolCalls,
        usage: null,
        model: "offline",
        fallbackUsed: false,
        durationMs: Math.round(now() - started),
      };
    },
  };
}

interface Answer {
  text: string;
  toolCalls: LlmToolCall[];
}

async function answer(request: LlmRequest, search: OfflineOptions["search"]): Promise<Answer> {
  const results = trailingResults(request.messages);
  if (results.length > 0) return say(results.map(quoteResult).join("\n\n"));
  const question = lastUserText(request.messages);
  const commands = readCommands(question);
  if (commands.length > 0) return runCommands(commands, request);
  return say(quotePassages(await find(search, question)));
}

const say = (text: string): Answer => ({ text: `${text}\n\n${NO_MODEL}`, toolCalls: [] });

function lastUserText(messages: LlmMessage[]): string {
  return messages.findLast((message) => message.role === "user")?.content ?? "";
}

/** Results of the calls that this provider asked for a moment ago, with the names of their tools. */
function trailingResults(messages: LlmMessage[]): { name: string; content: string }[] {
  const at = messages.findLastIndex((message) => message.role !== "tool");
  const asked = messages[at];
  if (asked?.role !== "assistant" || !asked.tool_calls) return [];
  const names = new Map(asked.tool_calls.map((call) => [call.id, call.name]));
  return messages
    .slice(at + 1)
    .flatMap((message) =>
      message.role === "tool"
        ? [{ name: names.get(message.tool_call_id) ?? "tool", content: message.content }]
        : [],
    );
}

const quoteResult = ({ name, content }: { name: string; content: string }) =>
  `Result of ${name}:\n\n${content}`;

export interface Command {
  name: string;
  arguments: string;
}

const COMMAND = /^[ \t]*\/([a-zA-Z0-9_-]{1,64})(?:[ \t]*$|[ \t]+(?=\{))/gm;

/** Lines that begin with `/name`, alone or followed by a JSON object, which may go over several lines. */
export function readCommands(text: string): Command[] {
  const commands: Command[] = [];
  for (const match of text.matchAll(COMMAND)) {
    const rest = text.slice(match.index + match[0].length);
    commands.push({ name: match[1] ?? "", arguments: rest.startsWith("{") ? readObject(rest) : "{}" });
  }
  return commands;
}

const STRING_OR_BRACE = /"(?:[^"\\]|\\.)*"|[{}]/gs;

/** The text up to the brace that closes its first one; else the line, whose fault the tool call will report. */
function readObject(text: string): string {
  let depth = 0;
  for (const match of text.matchAll(STRING_OR_BRACE)) {
    if (match[0] === "{") depth++;
    if (match[0] === "}" && --depth === 0) return text.slice(0, match.index + 1);
  }
  return text.split("\n", 1)[0] ?? "";
}

function runCommands(commands: Command[], request: LlmRequest): Answer {
  const offered = request.tools.map((tool) => tool.name);
  const unknown = commands.filter((command) => !offered.includes(command.name));
  if (unknown.length > 0) {
    const names = unknown.map((command) => `/${command.name}`).join(", ");
    const list = offered.length > 0 ? `Available: ${offered.join(", ")}.` : "There are none.";
    return say(`This bot has no such tool: ${names}. ${list}`);
  }
  const toolCalls = commands.map((command, index) => ({
    id: `offline_${index}_${crypto.randomUUID()}`,
    ...command,
  }));
  return { text: "", toolCalls };
}

async function find(search: OfflineOptions["search"], question: string): Promise<Passage[]> {
  try {
    return await search(question.slice(0, LONGEST_QUERY).toWellFormed());
  } catch (cause) {
    throw new HeddleError("model_failed", "No model is configured, and the search for passages failed.", {
      cause,
    });
  }
}

/** A search takes no longer ones, and the first words say what a text is about. */
const LONGEST_QUERY = 2000;
const QUOTED_PASSAGES = 3;
const LONGEST_QUOTE = 800;

function quotePassages(passages: Passage[]): string {
  const best = passages.slice(0, QUOTED_PASSAGES);
  if (best.length === 0) return "Nothing was found about this in the stored documents.";
  const quotes = best.map(({ title, content }) => {
    const text =
      content.length > LONGEST_QUOTE ? `${content.slice(0, LONGEST_QUOTE).toWellFormed()}…` : content;
    return `${title ?? "Untitled document"}:\n${text.replace(/^/gm, "> ")}`;
  });
  return `The closest passages in the stored documents:\n\n${quotes.join("\n\n")}`;
}
