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

/**
 * The provider "offline": passages for a question, tool calls for lines such as `/tool_name {"key": "value"}` that a
 * person wrote.
 */
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
  const asked = request.messages.findLast((message) => message.role === "user");
  const question = asked?.content ?? "";
  // What a webhook brings is data: nothing judges it here before it would be carried out.
  const commands = asked?.from_person ? readCommands(question) : [];
  if (commands.length > 0) return runCommands(commands, request);
  return say(quotePassages(await find(search, question)));
}

const say = (text: string): Answer => ({ text: `${text}\n\n${NO_MODEL}`, toolCalls: [] });

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

const COMMAND = /^[ \t]*\/([a-zA-Z0-9_-]{1,64})(?:[ \t]*$|[ \t]+(?=\{))/;

/**
 * Lines that begin with `/name`, alone or followed by a JSON object, which may go over several lines. An object without
 * an end takes the rest of the text, so that each character is read once.
 */
export function readCommands(text: string): Command[] {
  const commands: Command[] = [];
  for (let at = 0; at < text.length; ) {
    const line = lineAt(text, at);
    const match = COMMAND.exec(line);
    const start = at + (match?.[0].length ?? 0);
    const end = match && text[start] === "{" ? endOfObject(text, start) : start;
    if (match) {
      const [, name = ""] = match;
      // Of an object without an end, the tool call will report the fault of its first line.
      commands.push({ name, arguments: end === start ? "{}" : text.slice(start, end ?? at + line.length) });
    }
    if (end === undefined) break;
    const next = text.indexOf("\n", end);
    at = next === -1 ? text.length : next + 1;
  }
  return commands;
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return text.slice(start, end === -1 ? text.length : end).replace(/\r$/, "");
}

/** After the brace that closes the one at `start`; braces in JSON strings do not count. Undefined when none does. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let isQuoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === "\\") at++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}

/** Calls of one answer run at once. */
const MOST_COMMANDS = 100;

function runCommands(commands: Command[], request: LlmRequest): Answer {
  if (commands.length > MOST_COMMANDS) {
    return say(`A message may have at most ${MOST_COMMANDS} commands; this one has ${commands.length}.`);
  }
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
