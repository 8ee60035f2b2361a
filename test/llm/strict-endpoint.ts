// A chat completion endpoint that refuses what real ones refuse. Each rule names those that have it.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Body {
  model: string;
  messages: Message[];
  tools?: { function: { name: string; parameters: Record<string, unknown> } }[];
  tool_choice?: unknown;
  stream_options?: unknown;
}

interface Message {
  role: string;
  content: unknown;
  tool_calls?: Call[];
  tool_call_id?: string;
  reasoning_content?: unknown;
}

interface Call {
  id: string;
  function: { name: string; arguments: string };
  extra_content?: { google?: { thought_signature?: string } };
}

export interface Refusal {
  status: number;
  error: { message: string; code?: string; type?: string };
}

export type Rule = (body: Body) => string | Refusal | undefined;

const callsOf = ({ messages }: Body) => messages.flatMap((message) => message.tool_calls ?? []);
const fails = <Item>(items: Item[], text: string, isRight: (item: Item) => boolean) =>
  items.every(isRight) ? undefined : text;

/** OpenAI and Azure. */
const openai: Record<string, Rule> = {
  ids: (body) =>
    fails(callsOf(body), "ids have at most 40 characters", ({ id }) => id !== "" && id.length <= 40),
  names: (body) =>
    fails(callsOf(body), "names are [a-zA-Z0-9_-]{1,64}", ({ function: { name } }) =>
      /^[a-zA-Z0-9_-]{1,64}$/.test(name),
    ),
  answered: ({ messages }) => {
    let open: string[] = [];
    for (const message of messages) {
      if (message.role === "tool") {
        if (!open.includes(message.tool_call_id ?? "")) return "a tool message must follow its call";
        open = open.filter((id) => id !== message.tool_call_id);
      } else if (open.length > 0) return "a call without a result";
      open.push(...(message.tool_calls ?? []).map(({ id }) => id));
    }
    return open.length > 0 ? "a call without a result" : undefined;
  },
  schemas: ({ tools = [] }) =>
    fails(
      tools,
      "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf' at the top level",
      (tool) => {
        const { type, anyOf, oneOf, allOf, enum: values, not } = tool.function.parameters;
        return type === "object" && !anyOf && !oneOf && !allOf && !values && !not;
      },
    ),
};

/** vLLM, llama.cpp, Moonshot, DashScope: servers that parse the arguments of the conversation. */
const parsing: Rule = (body) =>
  fails(callsOf(body), "arguments must be a JSON object", ({ function: call }) => {
    try {
      const value: unknown = JSON.parse(call.arguments);
      return typeof value === "object" && value !== null && !Array.isArray(value);
    } catch {
      return false;
    }
  });

/** Qwen's templates. */
const oneSystemFirst: Rule = ({ messages }) =>
  fails(messages.slice(1), "System message must be at the beginning.", ({ role }) => role !== "system");

/** Gemma's and Mistral's templates. */
const alternating: Rule = ({ messages }) => {
  const spoken = messages.filter(
    ({ role, tool_calls }) => role === "user" || (role === "assistant" && !tool_calls),
  );
  const [first] = messages.filter(({ role }) => role !== "system");
  if (first?.role !== "user") return "the conversation must begin with a user message";
  return fails(
    spoken.slice(1).map(({ role }, at) => [spoken[at]?.role, role]),
    "Conversation roles must alternate user/assistant/user/assistant/...",
    ([before, role]) => before !== role,
  );
};

/** Mistral. */
const noUserAfterTool: Rule = ({ messages }) =>
  messages.some(({ role }, at) => role === "user" && messages[at - 1]?.role === "tool")
    ? "Unexpected role 'user' after role 'tool'"
    : undefined;

/** Claude, Mistral, llama.cpp while it thinks: no beginning of an answer. */
const lastWord: Rule = ({ messages }) =>
  messages.at(-1)?.role === "assistant"
    ? "The conversation must end with a user message or a tool's result"
    : undefined;

/** Claude behind LiteLLM or Bedrock. */
const toolsWithCalls: Rule = (body) =>
  callsOf(body).length > 0 && !body.tools?.length
    ? "Requests which include `tool_calls` must define tools"
    : undefined;

const noBlankText: Rule = ({ messages }) =>
  fails(messages, "text content blocks must be non-empty", ({ content, tool_calls }) =>
    tool_calls ? content !== "" : typeof content === "string" && content.trim() !== "",
  );

/** What any of them refuses at once. */
export const EVERYWHERE: Record<string, Rule> = {
  ...openai,
  parsing,
  oneSystemFirst,
  alternating,
  noUserAfterTool,
  lastWord,
  toolsWithCalls,
  noBlankText,
};

/** Mistral's rule, which no other endpoint's ids fit. */
export const nineLetterIds: Rule = (body) =>
  fails(callsOf(body), "Tool call id was x but must be a-z, A-Z, 0-9, with a length of 9.", ({ id }) =>
    /^[a-zA-Z0-9]{9}$/.test(id),
  );

/** Gemini 3 at its OpenAI-compatible address. */
export const thoughtSignatures: Rule = (body) =>
  fails(callsOf(body), "Function call is missing a thought_signature", ({ extra_content }) =>
    Boolean(extra_content?.google?.thought_signature),
  );

/** DeepSeek and Kimi, within a run. */
export const reasoningContent: Rule = ({ messages }) => {
  const since = messages.findLastIndex(({ role }) => role === "user");
  return fails(
    messages.slice(since).filter(({ tool_calls }) => tool_calls),
    "The reasoning_content in the thinking mode must be passed back to the API.",
    ({ reasoning_content }) => typeof reasoning_content === "string",
  );
};

/** Endpoints that allow no unknown field, such as Mistral. */
export const noUnknownFields: Rule = (body) =>
  fails(
    [...body.messages, ...callsOf(body)].flatMap(Object.keys),
    "Extra inputs are not permitted",
    (field) =>
      ["role", "content", "tool_calls", "tool_call_id", "id", "type", "function", "name"].includes(field),
  );

export type Answer = { events: unknown[] } | { raw: string; type?: string } | Refusal;

export interface StrictEndpoint {
  /** With /v1. */
  url: string;
  requests: Body[];
  /** Of requests that were refused by a rule. */
  refusals: string[];
  stop(): Promise<void>;
}

/** Serves `answers` in order to requests that hold the rules; the last one is repeated. */
export async function startStrictEndpoint(rules: Rule[], answers: Answer[]): Promise<StrictEndpoint> {
  const requests: Body[] = [];
  const refusals: string[] = [];
  let answered = 0;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body: Body = JSON.parse(Buffer.concat(parts).toString());
    requests.push(body);
    const refused = rules.map((rule) => rule(body)).find((found) => found !== undefined);
    if (refused !== undefined) refusals.push(typeof refused === "string" ? refused : refused.error.message);
    const answer =
      refused === undefined
        ? (answers[Math.min(answered++, answers.length - 1)] as Answer)
        : typeof refused === "string"
          ? { status: 400, error: { message: refused } }
          : refused;
    if ("status" in answer) {
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: answer.error }));
    } else if ("raw" in answer) {
      response.writeHead(200, { "content-type": answer.type ?? "text/event-stream" });
      response.end(answer.raw);
    } else {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const lines = answer.events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
      response.end(`${lines.map((line) => `data: ${line}\n\n`).join("")}data: [DONE]\n\n`);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    refusals,
    stop: () => new Promise<void>((done) => server.close(() => done())),
  };
}

export const delta = (content: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: content, finish_reason }],
});
export const says = (text: string): Answer => ({ events: [delta({ content: text }), delta({}, "stop")] });
