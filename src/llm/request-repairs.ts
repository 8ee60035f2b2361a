// Leaves something out of a request that an endpoint refuses because of what is in it, and sends it once more. Little is learned from
// that, because another history may be accepted.

import type { AttemptFailure } from "./attempt.ts";
import type { LlmMessage, LlmRequest, LlmTool } from "./llm.ts";
import { ABOUT_ONE_SCHEMA, type Quirks } from "./quirks.ts";
import type { RequestFacts } from "./request-facts.ts";
import { imagesIn, pdfsIn, withoutImages, withoutPdfs } from "./wire/attachments.ts";
import { callsAsText } from "./wire/clean.ts";
import { withSimpleSchemas } from "./wire/tools.ts";

type Parts = Partial<Pick<LlmRequest, "messages" | "tools" | "outputSchema">>;

export interface Repair {
  /** For the log. */
  without: string;
  /** The parts of the request that are different. */
  change: Parts;
  /** The form in which the request is sent: that of its quirk. */
  isForm?: true | undefined;
  /** What is known of the model if it takes the request now. */
  quirk?: Exclude<keyof Quirks, "maxTokens"> | undefined;
}

/**
 * Returns a function that gives the next repair that changes the request, or undefined. Each is given once. `isLast`: no other model
 * would be asked instead.
 */
export function createRepairs({
  isLast,
}: {
  isLast: boolean;
}): (failure: AttemptFailure, request: LlmRequest, facts: RequestFacts) => Repair | undefined {
  const left = isLast ? [...REPAIRS, ...LAST_REPAIRS] : [...REPAIRS];
  return (failure, request, facts) => {
    for (const [at, { without, isFor, quirk, isForm, ...kind }] of left.entries()) {
      const change = isFor(failure, facts) ? (isForm ? {} : changed(kind, request, facts)) : undefined;
      if (!change) continue;
      left.splice(at, 1);
      return { without, change, quirk, isForm };
    }
    return undefined;
  };
}

function changed(
  { change, changeTools, dropsSchema }: Pick<Kind, "change" | "changeTools" | "dropsSchema">,
  request: LlmRequest,
  { hasOutputSchema }: RequestFacts,
): Parts | undefined {
  if (dropsSchema) return hasOutputSchema ? { outputSchema: undefined } : undefined;
  const messages = change?.(request.messages);
  const tools = changeTools?.(request.tools);
  return messages || tools ? { ...(messages && { messages }), ...(tools && { tools }) } : undefined;
}

interface Kind {
  without: string;
  isFor(failure: AttemptFailure, facts: RequestFacts): boolean;
  /** Undefined: there is nothing to leave out. */
  change?(messages: LlmMessage[]): LlmMessage[] | undefined;
  changeTools?(tools: LlmTool[]): LlmTool[] | undefined;
  /** The endpoint does not hold the model to the schema of its answer; the model is only asked in words to follow it. */
  dropsSchema?: true;
  quirk?: Repair["quirk"];
  /** The request stays, and is sent in the form that its quirk stands for. */
  isForm?: true;
}

/** Statuses of requests that are refused for what is in them. */
const CONTENT = [400, 413, 415, 422];

const isRefused = ({ kind, status = 0 }: AttemptFailure): boolean =>
  (kind === "refused" || kind === "filtered") && CONTENT.includes(status);

const isForm = ({ kind, status = 0 }: AttemptFailure): boolean =>
  kind === "refused" && (status === 400 || status === 422);

const SCHEMA = "the schema of its answer";

/** The model calls tools although it is told that it cannot, as servers do not pass on: it gets none, nor calls to imitate. */
const NO_TOOLS: Kind = {
  without: "tools, which it calls instead of answering",
  isFor: ({ isCall }) => isCall,
  change: withoutCalls,
  changeTools: (tools) => (tools.length > 0 ? [] : undefined),
};

const REPAIRS: Kind[] = [
  NO_TOOLS,
  {
    without: SCHEMA,
    isFor: ({ kind, message }) =>
      (kind === "refused" || kind === "server") &&
      (ABOUT_ONE_SCHEMA.test(message) ||
        /response_?format|json_schema|text\.format|structured output|output_?(?:config|format)|schema in|too many states/i.test(
          message,
        )),
    dropsSchema: true,
  },
  {
    // One of them has too many pages or a password, say. Its text remains.
    without: "PDFs",
    isFor: ({ kind, status, message }) =>
      status === 413 ||
      ((kind === "refused" || kind === "server") && /pdf|document|input_file|file_data/i.test(message)),
    change: withoutRefusedPdfs,
  },
  {
    // One of them is too large for this endpoint, say; others it may take.
    without: "images",
    isFor: ({ kind, status, message }) =>
      status === 413 ||
      ((kind === "refused" || kind === "server") && /image|media type|vision/i.test(message)),
    change: withoutRefusedImages,
  },
  {
    // Signed or encrypted for another key, account or deployment.
    without: "the model's earlier thoughts",
    isFor: ({ kind, message }) =>
      kind === "refused" &&
      /signature|encrypted content|reasoning item|item '?rs_|item with id|thinking[\s\S]{0,100}cannot be modified/i.test(
        message,
      ),
    change: withoutContinuations,
  },
  {
    // Whatever it is that the endpoint refuses: it may be what made these runs fail.
    without: "messages whose runs failed",
    isFor: isRefused,
    change: withoutUnanswered,
  },
];

/** What is better left out than not answered at all, where no other model is asked. */
const LAST_REPAIRS: Kind[] = [
  {
    // Servers say so in the words of the line of their template that failed. Nothing is lost by it.
    without: "null beside its calls",
    isFor: (failure, { hasBareCalls }) => isForm(failure) && hasBareCalls,
    quirk: "noNullContent",
    isForm: true,
  },
  { without: "PDFs", isFor: isRefused, change: withoutRefusedPdfs },
  {
    // "content: Input should be a valid string", say, of a server that never heard of images.
    without: "images",
    isFor: isRefused,
    change: withoutRefusedImages,
  },
  { without: SCHEMA, isFor: isRefused, dropsSchema: true },
  {
    // "Request contains an invalid argument", which is all that Gemini says of a schema that it does not understand.
    without: "the finer parts of its tools' schemas",
    isFor: isRefused,
    changeTools: withSimpleSchemas,
    quirk: "noRichSchemas",
  },
  {
    without: "a system message",
    isFor: (failure) => isForm(failure) && /\b(?:system|roles?)\b/i.test(failure.message),
    quirk: "noSystem",
    isForm: true,
  },
  {
    // Another model has answered it, say, and this one's filter refuses it. A bot that remembers nothing is better than one that
    // never answers again.
    without: "the earlier conversation",
    isFor: isRefused,
    change: withoutHistory,
  },
];

function withoutCalls(messages: LlmMessage[]): LlmMessage[] | undefined {
  const hasCalls = messages.some((message) => message.role === "assistant" && message.tool_calls?.length);
  if (!hasCalls) return undefined;
  return messages.map((message) => (message.role === "system" ? message : callsAsText(message)));
}

function withoutRefusedPdfs(messages: LlmMessage[]): LlmMessage[] | undefined {
  return messages.some((message) => pdfsIn(message).length > 0) ? withoutPdfs(messages) : undefined;
}

function withoutRefusedImages(messages: LlmMessage[]): LlmMessage[] | undefined {
  return messages.some((message) => imagesIn(message).length > 0)
    ? withoutImages(messages, "the model's endpoint refused it")
    : undefined;
}

function withoutContinuations(messages: LlmMessage[]): LlmMessage[] | undefined {
  let isChanged = false;
  const changed = messages.map((message): LlmMessage => {
    if (message.role !== "assistant") return message;
    const { continuation, tool_calls: calls, ...rest } = message;
    isChanged ||= continuation !== undefined || (calls ?? []).some((call) => call.continuation);
    const bare = calls?.map(({ id, name, arguments: json }) => ({ id, name, arguments: json }));
    return { ...rest, ...(bare && { tool_calls: bare }) };
  });
  return isChanged ? changed : undefined;
}

/** Leaves out what lies between a message and the next one, and the message itself, if no answer is among it. */
function withoutUnanswered(messages: LlmMessage[]): LlmMessage[] | undefined {
  const kept: LlmMessage[] = [];
  let turn: LlmMessage[] = [];
  for (const message of messages) {
    if (message.role === "user") {
      if (isAnswered(turn)) kept.push(...turn);
      turn = [];
    }
    turn.push(message);
  }
  kept.push(...turn);
  return kept.length < messages.length ? kept : undefined;
}

const FORGOTTEN =
  "The earlier messages of this conversation are not shown, because the model's endpoint refused them. If you need them, say so.";

/** Leaves out what lies before the last message of a user. */
function withoutHistory(messages: LlmMessage[]): LlmMessage[] | undefined {
  const last = messages.findLastIndex(({ role }) => role === "user");
  const asked = messages[last];
  const system = messages.filter(({ role }, at) => role === "system" && at < last);
  if (asked?.role !== "user" || system.length === last) return undefined;
  const context = [asked.context, FORGOTTEN].filter(Boolean).join("\n\n");
  return [...system, { ...asked, context }, ...messages.slice(last + 1)];
}

const isAnswered = (turn: LlmMessage[]): boolean =>
  turn[0]?.role !== "user" ||
  turn.some((message) => message.role === "assistant" && !message.tool_calls?.length);
