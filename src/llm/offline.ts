// The provider used while no model is configured. It quotes stored passages and runs commands, and says that it is not
// a model.

import { HeddleError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import type { Llm, LlmEvent, LlmMessage, LlmRequest, LlmToolCall } from "./llm.ts";
import { withoutMarks } from "./outside-marks.ts";
import { newCallId } from "./wire/call-ids.ts";
import { createObjectScanner } from "./wire/json-object.ts";

export interface Passage {
  title: string | null;
  content: string;
  score: number;
}

export interface OfflineOptions {
  /** Finds passages, best match first. */
  search: (query: string) => Promise<Passage[]>;
  /** Clock in milliseconds, for durations. */
  now?: () => number;
}

const NO_MODEL =
  "No language model is configured, so this is not a model's answer. Set OPENAI_API_KEY or ANTHROPIC_API_KEY (or " +
  "OPENAI_BASE_URL for another OpenAI-compatible endpoint) and DEFAULT_MODEL, and restart; or add a provider " +
  "in the admin UI, or with heddle providers add.";

/**
 * Creates the provider "offline": it answers a question with passages, and turns lines such as `/tool_name {"key":
 * "value"}` written by a person into tool calls.
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
        costUsd: 0,
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
  if (results.length > 0) return textAnswer(results.map(quoteResult).join("\n\n"));
  const asked = request.messages.findLast((message) => message.role === "user");
  const question = asked?.content ?? "";
  // Text from a webhook is data: no model would judge it before it was carried out.
  const commands = asked?.from_person ? readCommands(question) : [];
  if (commands.length > 0) return runCommands(commands, request);
  return textAnswer(quotePassages(await find(search, withoutMarks(question))));
}

const textAnswer = (text: string): Answer => ({ text: `${text}\n\n${NO_MODEL}`, toolCalls: [] });

/** Results of the tool calls this provider has just made, with the tools' names. */
function trailingResults(all: LlmMessage[]): { name: string; content: string }[] {
  const messages = withoutImages(all);
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

/** The images that tools returned come after the results, from the user, whom the assistant has told that they follow. */
function withoutImages(messages: LlmMessage[]): LlmMessage[] {
  const [result, told, images] = messages.slice(-3);
  const isOfTools =
    result?.role === "tool" &&
    told?.role === "assistant" &&
    images?.role === "user" &&
    !images.from_person &&
    images.attachments;
  return isOfTools ? messages.slice(0, -2) : messages;
}

const quoteResult = ({ name, content }: { name: string; content: string }) =>
  `Result of ${name}:\n\n${withoutMarks(content)}`;

export interface Command {
  name: string;
  arguments: string;
}

const COMMAND = /^[ \t]*\/([a-zA-Z0-9_-]{1,64})(?:[ \t]*$|[ \t]+(?=\{))/;

/**
 * Parses lines that start with `/name`, alone or followed by a JSON object that may span several lines. An object that
 * is not closed consumes the rest of the text, so that each character is read only once.
 */
export function readCommands(text: string): Command[] {
  const commands: Command[] = [];
  for (let at = 0; at < text.length; ) {
    const line = lineAt(text, at);
    const match = COMMAND.exec(line);
    const start = at + (match?.[0].length ?? 0);
    const end = match && text[start] === "{" ? createObjectScanner().feed(text, start) : start;
    if (match) {
      const [, name = ""] = match;
      // Of an unclosed object only the first line is passed on; the tool call will report the syntax error.
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

/** With which a model finds tools that it is not shown. */
const SEARCH_TOOLS = "search_tools";
/** All calls of one answer run concurrently. */
const MAX_COMMANDS = 100;

function runCommands(commands: Command[], request: LlmRequest): Answer {
  if (commands.length > MAX_COMMANDS) {
    return textAnswer(
      `A message may have at most ${MAX_COMMANDS} commands; this one has ${commands.length}.`,
    );
  }
  const offered = (request.mustAnswer ? [] : request.tools).map((tool) => tool.name);
  const unknown = commands.filter((command) => !offered.includes(command.name));
  if (unknown.length > 0) {
    const names = unknown.map((command) => `/${command.name}`).join(", ");
    if (offered.includes(SEARCH_TOOLS)) {
      const query = JSON.stringify({ query: unknown[0]?.name });
      return textAnswer(
        `This bot is not shown ${names}. If it has such a tool, it is found with: /${SEARCH_TOOLS} ${query}`,
      );
    }
    const list = offered.length > 0 ? `Available: ${offered.join(", ")}.` : "It has no tools.";
    return textAnswer(`This bot does not have the tool ${names}. ${list}`);
  }
  const toolCalls = commands.map((command) => ({ id: newCallId(), ...command }));
  return { text: "", toolCalls };
}

async function find(search: OfflineOptions["search"], question: string): Promise<Passage[]> {
  try {
    return await search(question.slice(0, MAX_QUERY_LENGTH).toWellFormed());
  } catch (cause) {
    throw new HeddleError("model_failed", "No model is configured, and searching for passages failed.", {
      cause,
    });
  }
}

/** The maximum query length; the first words say what a text is about. */
const MAX_QUERY_LENGTH = 2000;
const MAX_PASSAGES = 3;
const MAX_QUOTE_LENGTH = 800;

function quotePassages(passages: Passage[]): string {
  const best = passages.slice(0, MAX_PASSAGES);
  if (best.length === 0) return "The stored documents contain nothing about this.";
  const quotes = best.map(({ title, content }) => {
    const text =
      content.length > MAX_QUOTE_LENGTH ? `${content.slice(0, MAX_QUOTE_LENGTH).toWellFormed()}…` : content;
    return `${title ?? "Untitled document"}:\n${text.replace(/^/gm, "> ")}`;
  });
  return `The closest passages in the stored documents:\n\n${quotes.join("\n\n")}`;
}
