// What stands between a coding agent and the library that speaks its protocol: one JSON text a line. The library writes to this
// process's log for each message that it cannot read, and answers all requests at once, however many there are.

import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import { isObject } from "../llm/fields.ts";
import { restAfter } from "../mcp/client/rest.ts";
import { createUnanswered } from "../mcp/client/unanswered.ts";
import { createLines } from "./lines.ts";

interface AgentStreamOptions {
  write(text: string): Promise<void>;
  /** Gets what `session/update` says, unchecked. */
  onUpdate: (update: unknown) => void;
}

export interface AgentStream {
  /** Requests of the agent, and its answers to what was asked. Updates do not come through it; what is no message is dropped. */
  stream: Stream;
  /** Takes output of the agent. No more may be read before it resolves. */
  take(chunk: Uint8Array): Promise<void>;
  /** What is still to be read is read without rests. */
  hurry(): void;
  /** No more output comes. */
  end(): void;
}

/** The largest message. */
const MOST_MB = 16;
/** An agent that says more than this which nobody understands speaks something else. */
const MOST_NOISE = 1_000;
const CANCEL = "$/cancel_request";

export function createAgentStream({ write, onUpdate }: AgentStreamOptions): AgentStream {
  const lines = createLines(MOST_MB * 1024 * 1024);
  const unanswered = createUnanswered();
  const hurry = new AbortController();
  const asked = new Set<unknown>();
  let noise = 0;
  let isOpen = true;
  let controller: ReadableStreamDefaultController<AnyMessage>;
  const readable = new ReadableStream<AnyMessage>({
    start(given) {
      controller = given;
    },
    cancel() {
      isOpen = false;
    },
  });

  function fail(reason: string): void {
    isOpen = false;
    lines.clear();
    controller.error(new Error(reason));
  }

  function isForLibrary(message: unknown): message is AnyMessage {
    if (!isObject(message) || message.jsonrpc !== "2.0") return false;
    const { id, method } = message;
    if (method === undefined) return asked.delete(id);
    return typeof method === "string" && (id === undefined ? method === CANCEL : isId(id));
  }

  function read(line: string): void {
    if (!isOpen || line.trim() === "") return;
    const message = parsed(line);
    if (isUpdate(message)) onUpdate(isObject(message.params) ? message.params.update : undefined);
    else if (isForLibrary(message)) {
      unanswered.read(message);
      controller.enqueue(message);
    } else {
      noise += 1;
      if (noise > MOST_NOISE) fail(NOT_THE_PROTOCOL);
    }
  }

  return {
    stream: {
      readable,
      writable: new WritableStream({
        async write(message: AnyMessage) {
          if ("method" in message && "id" in message) asked.add(message.id);
          await write(`${JSON.stringify(message)}\n`);
          unanswered.wrote(message);
        },
      }),
    },
    async take(chunk) {
      const begun = performance.now();
      if (isOpen && !lines.add(chunk, read)) fail(`A message of it is larger than ${MOST_MB} MB`);
      // Updates need no answer, so that nothing else slows an agent down that writes them without end.
      await restAfter(performance.now() - begun, hurry.signal);
      await unanswered.room();
    },
    hurry: () => hurry.abort(),
    end() {
      if (isOpen) lines.end(read);
      if (!isOpen) return;
      isOpen = false;
      controller.close();
    },
  };
}

const NOT_THE_PROTOCOL = `More than ${MOST_NOISE.toLocaleString("en")} of its messages are none of the Agent Client Protocol`;

/** Undefined: no JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const isUpdate = (message: unknown): message is { params?: unknown } =>
  isObject(message) && message.method === "session/update" && message.id === undefined;

const isId = (id: unknown): boolean => typeof id === "string" || typeof id === "number";
