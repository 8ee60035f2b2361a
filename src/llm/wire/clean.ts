// Makes a conversation valid for any endpoint at the moment of sending. What is stored stays as it happened: a model's
// broken arguments or names, a run that failed between a tool and its answer. An endpoint that refused such a message
// would refuse every later request of the session.

import type { LlmAttachment, LlmMessage, LlmToolCall } from "../llm.ts";
import { argumentsAsJson } from "./arguments.ts";
import { attachedText, imagesIn, pdfsIn } from "./attachments.ts";
import { createIds } from "./call-ids.ts";
import { argumentsWithoutControlTokens, withoutControlTokens } from "./control-tokens.ts";
import { oneCallAtOnce } from "./one-call.ts";
import { wellFormedJson } from "./well-formed.ts";

export interface CleanOptions {
  /** The model that the conversation is sent to: fields that another one wrote for itself are left out. */
  origin: string;
  /** The ids that the endpoint takes; nine letters and digits always fit. */
  idPattern?: RegExp;
  /** For endpoints without tools: calls and results become text. */
  callsAsText?: boolean;
  /** For endpoints that refuse calls without what they add to their own: those of other models become text. */
  foreignCallsAsText?: boolean;
  /** For templates that take no message with several calls. */
  oneCallAtOnce?: boolean;
  /** For endpoints that take no text beside calls: it is left out. */
  noTextWithCalls?: boolean;
  /** For templates without a system role: its text goes to the start of the first user message. */
  noSystem?: boolean;
  /** For models that see none: a note says what is not shown. */
  noImages?: boolean;
  /** For models that read none: their text is sent. Default: true. */
  noPdfs?: boolean;
}

const NO_ANSWER = "(no answer: the run failed)";
const LEFT_OUT = "(earlier messages were left out)";
const GO_ON = "(go on)";
const NO_TEXT = "(empty)";
const NO_RESULT = "(no result)";

/**
 * Returns one system message first; then user and assistant in turns, beginning with a user message and ending with one or with a result,
 * and an assistant message between a tool's result and the next user message. Calls have arguments that are objects, names of
 * `[A-Za-z0-9_-]{1,64}` and ids of at most 40 characters, each used once. Of attachments only the images that are shown are left;
 * the texts are part of the message.
 */
export function cleanMessages(messages: LlmMessage[], options: CleanOptions): LlmMessage[] {
  const system = messages.flatMap(({ role, content }) => (role === "system" ? [content] : [])).join("\n\n");
  const others = cleanCalls(messages, options).map((message) => withCleanTexts(message, options));
  const said = options.callsAsText ? others.map(callsAsText) : others;
  const turns = inTurns(options.foreignCallsAsText ? foreignAsText(said) : said);
  const spoken = (options.oneCallAtOnce ? oneCallAtOnce(turns) : turns).map((message) =>
    options.noTextWithCalls && message.role === "assistant" && message.tool_calls
      ? { ...message, content: "" }
      : message,
  );
  if (spoken[0]?.role !== "user") spoken.unshift({ role: "user", content: LEFT_OUT });
  // Claude, Mistral's endpoint and templates take it for the beginning of an answer, which they refuse.
  if (spoken.at(-1)?.role === "assistant") spoken.push({ role: "user", content: GO_ON });
  if (system.trim() === "") return spoken;
  const content = withoutControlTokens(system);
  if (!options.noSystem) return [{ role: "system", content }, ...spoken];
  const [asked, ...rest] = spoken;
  const first = asked?.role === "user" ? asked : undefined;
  return [{ ...first, role: "user", content: `${content}\n\n${first?.content ?? ""}` }, ...rest];
}

export type Spoken = Exclude<LlmMessage, { role: "system" }>;

function cleanCalls(messages: LlmMessage[], options: CleanOptions): Spoken[] {
  const idFor = createIds(options.idPattern);
  const cleaned: Spoken[] = [];
  // Results come in the order of their calls, which may share an id.
  let waiting: { id: string; sent: string }[] = [];
  /** Every call needs a result before anything else is said, and every result its call. */
  const answerWaiting = () => {
    for (const { sent } of waiting) cleaned.push({ role: "tool", tool_call_id: sent, content: NO_RESULT });
    waiting = [];
  };
  for (const message of messages) {
    if (message.role === "system") continue;
    if (message.role === "tool") {
      const at = waiting.findIndex(({ id }) => id === message.tool_call_id);
      const [call] = at < 0 ? [] : waiting.splice(at, 1);
      const isSame = call?.sent === message.tool_call_id;
      const answer = isSame ? message : call && { ...message, tool_call_id: call.sent };
      cleaned.push(answer ?? resultAsText(message));
      continue;
    }
    answerWaiting();
    if (message.role !== "assistant") {
      cleaned.push(message);
      continue;
    }
    const { tool_calls, continuation, ...rest } = message;
    const own = continuation?.model === options.origin ? { continuation: inStoredOrder(continuation) } : {};
    if (!tool_calls?.length) {
      cleaned.push({ ...rest, ...own });
      continue;
    }
    waiting = tool_calls.map(({ id }) => ({ id, sent: idFor(id) }));
    const calls = tool_calls.map((call, at) => cleanCall(call, waiting[at]?.sent ?? call.id, options.origin));
    cleaned.push({ ...rest, ...own, tool_calls: calls });
  }
  answerWaiting();
  return cleaned;
}

const resultAsText = ({ content, attachments }: Extract<Spoken, { role: "tool" }>): Spoken => ({
  role: "user",
  content: `Result of a tool:\n${content}`,
  ...(attachments && { attachments }),
});

function cleanCall(call: LlmToolCall, id: string, model: string): LlmToolCall {
  const { continuation } = call;
  return {
    id,
    ...cleanParts(call),
    ...(continuation?.model === model && { continuation: inStoredOrder(continuation) }),
  };
}

type CallParts = Pick<LlmToolCall, "name" | "arguments">;

/** Each model call of a run sends the calls before it again. */
const parts = new WeakMap<LlmToolCall, CallParts>();

function cleanParts(call: LlmToolCall): CallParts {
  const known = parts.get(call);
  if (known) return known;
  const cleaned = {
    name: cleanName(call.name),
    arguments: argumentsWithoutControlTokens(wellFormedJson(argumentsAsJson(call.arguments)).toWellFormed()),
  };
  parts.set(call, cleaned);
  return cleaned;
}

/** The database reorders the keys of JSON; a message must read the same whether or not it has been stored in the meantime. */
function inStoredOrder<T>(value: T): T {
  if (Array.isArray(value)) return value.map(inStoredOrder) as T;
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, inStoredOrder(inner)])) as T;
}

const MAX_NAME_LENGTH = 64;

const cleanName = (name: string): string =>
  name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, MAX_NAME_LENGTH) || "unknown";

/** Text from strangers can appear anywhere in a conversation, through tools and documents also in the model's own messages. */
function withCleanTexts(message: Spoken, { noImages = false, noPdfs = true }: CleanOptions): Spoken {
  const content = withoutControlTokens(message.content);
  const isSaid = content.trim() !== "";
  // Most messages are clean, and a conversation has many.
  const isUnchanged = isSaid && content === message.content;
  if (message.role === "tool")
    return isUnchanged ? message : { ...message, content: isSaid ? content : NO_TEXT };
  if (message.role === "user") {
    if (isUnchanged && !message.context && !message.attachments) return message;
    const { context, attachments: _files, ...rest } = message;
    const shown: LlmAttachment[] = [
      ...(noPdfs ? [] : pdfsIn(message)),
      ...(noImages ? [] : imagesIn(message)),
    ];
    const said = [
      ...(isSaid ? [content] : []),
      ...attachedText(message, { noImages, noPdfs, clean: withoutControlTokens }),
    ];
    if (said.length === 0) said.push(NO_TEXT);
    if (context) said.push(inTags(withoutControlTokens(context)));
    return { ...rest, content: said.join("\n\n"), ...(shown.length > 0 && { attachments: shown }) };
  }
  if (isSaid) return isUnchanged ? message : { ...message, content };
  // Qwen and others write two line breaks before their calls, which Anthropic and Bedrock refuse as a text.
  return { ...message, content: message.tool_calls?.length ? "" : NO_ANSWER };
}

/** Nobody else can write these tags, because they count as control tokens. */
const inTags = (context: string): string => `<heddle_context>\n${context}\n</heddle_context>`;

/** The message with its calls, or as the result of one, in words. */
export function callsAsText(message: Spoken): Spoken {
  if (message.role === "tool") return resultAsText(message);
  if (message.role !== "assistant" || !message.tool_calls) return message;
  const calls = message.tool_calls.map(({ name, arguments: args }) => `Called the tool ${name} with ${args}`);
  return { role: "assistant", content: [message.content, ...calls].filter(Boolean).join("\n") };
}

/** What came from another model has no continuation any more. */
function foreignAsText(messages: Spoken[]): Spoken[] {
  let isForeign = false;
  return messages.map((message) => {
    if (message.role === "assistant") {
      const calls = message.tool_calls ?? [];
      isForeign = calls.length > 0 && !message.continuation && !calls.some((call) => call.continuation);
    }
    return isForeign && message.role !== "user" ? callsAsText(message) : message;
  });
}

/** Joins neighbours of one role, and puts an assistant message between a result and a user message. */
function inTurns(messages: Spoken[]): Spoken[] {
  const turns: Spoken[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    const joined = last && join(last, message);
    if (joined) {
      turns[turns.length - 1] = joined;
      continue;
    }
    if (last?.role === "tool" && message.role === "user")
      turns.push({ role: "assistant", content: NO_ANSWER });
    turns.push(message);
  }
  return turns;
}

function join(first: Spoken, second: Spoken): Spoken | undefined {
  if (first.role === "user" && second.role === "user") {
    const attachments = [...(first.attachments ?? []), ...(second.attachments ?? [])];
    const content = joinedText(first, second);
    return { ...first, ...second, content, ...(attachments.length > 0 && { attachments }) };
  }
  if (first.role === "assistant" && second.role === "assistant" && !first.tool_calls) {
    return { ...second, content: joinedText(first, second) };
  }
  return undefined;
}

const joinedText = (first: Spoken, second: Spoken): string =>
  [first.content, second.content].filter((text) => text !== "").join("\n\n");
