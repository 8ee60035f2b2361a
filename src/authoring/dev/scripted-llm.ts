// The model of `heddle dev`: it answers from dev.script.yaml, and calls a tool for `/tool {json}` in a message.

import { throwIfAborted } from "../../llm/abort.ts";
import type { Llm, LlmEvent, LlmMessage, LlmRequest, LlmToolCall } from "../../llm/llm.ts";
import { readCommands } from "../../llm/offline.ts";
import { withoutMarks } from "../../llm/outside-marks.ts";
import { type LastMessage, type ReadScript, sayFrom } from "./script.ts";

export interface ScriptedOptions {
  /** Called for each answer, so that an edited script takes effect at once. */
  read: () => Promise<ReadScript>;
  /** What becomes of a message that no entry matches. Default: it is answered, with its text. */
  unmatched?: (text: string) => never;
}

export function createScriptedLlm({ read, unmatched }: ScriptedOptions): Llm {
  return {
    provider: "scripted",
    async *stream(request): AsyncGenerator<LlmEvent> {
      const started = performance.now();
      throwIfAborted(request.signal);
      const { text, toolCalls } = await answer(request, await read(), unmatched);
      throwIfAborted(request.signal);
      if (text !== "") yield { type: "text", text };
      yield {
        type: "done",
        text,
        toolCalls,
        usage: null,
        model: "scripted",
        fallbackUsed: false,
        durationMs: Math.round(performance.now() - started),
      };
    },
  };
}

interface Answer {
  text: string;
  toolCalls: LlmToolCall[];
}

async function answer(
  { messages, tools }: LlmRequest,
  read: ReadScript,
  unmatched: ScriptedOptions["unmatched"],
): Promise<Answer> {
  if (!read.ok) return say(`The script cannot be used: ${read.problem}`);
  const last = lastMessage(messages);
  const commands = last.tool === undefined ? readCommands(last.text) : [];
  const said = commands.length > 0 ? undefined : sayFrom(read.script, last, systemOf(messages));
  if (said && "reply" in said) return say(said.reply);
  const wanted = said ? [{ name: said.tool, arguments: JSON.stringify(said.arguments) }] : commands;
  if (wanted.length === 0 && last.tool === undefined) unmatched?.(last.text);
  if (wanted.length === 0) return say(unscripted(last));
  const offered = tools.map(({ name }) => name);
  const missing = wanted.find(({ name }) => !offered.includes(name));
  if (missing) return say(`This run has no tool ${missing.name}. It has: ${offered.join(", ") || "none"}.`);
  return { text: "", toolCalls: wanted.map((call) => ({ id: `scripted_${crypto.randomUUID()}`, ...call })) };
}

const systemOf = (messages: readonly LlmMessage[]): string =>
  messages.find(({ role }) => role === "system")?.content ?? "";

const say = (text: string): Answer => ({ text, toolCalls: [] });

function unscripted({ text, tool }: LastMessage): string {
  return tool === undefined
    ? `I have read: ${text}\n\n(No entry of dev.script.yaml matches this message.)`
    : `${tool} returned: ${text}`;
}

/** The message that the model has to answer; the last one of several tool results. */
export function lastMessage(messages: readonly LlmMessage[]): LastMessage {
  const last = messages.findLast(({ role }) => role === "user" || role === "tool");
  if (last?.role !== "tool") return { text: withoutMarks(last?.content ?? ""), tool: undefined };
  return { text: withoutMarks(last.content), tool: toolOf(messages, last.tool_call_id) };
}

/** The name of the tool that was called with this id. */
export function toolOf(messages: readonly LlmMessage[], id: string): string {
  for (const message of messages) {
    const call = message.role === "assistant" && message.tool_calls?.find((call) => call.id === id);
    if (call) return call.name;
  }
  return "tool";
}
