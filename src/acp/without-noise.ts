// What stands between a coding agent and the library that speaks its protocol. The library writes to this process's log for each
// message that it cannot read, and answers all requests at once, however many there are.

import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import { isObject } from "../llm/fields.ts";
import type { Unanswered } from "../mcp/client/unanswered.ts";

interface Through {
  unanswered: Unanswered;
  /** Gets what `session/update` says, unchecked. */
  onUpdate: (update: unknown) => void;
}

/** An agent that says more than this which nobody understands speaks something else. */
const MOST_NOISE = 1_000;
const CANCEL = "$/cancel_request";

/** Passes on requests, and answers to what was asked. Updates do not come through it; what is no message is dropped. */
export function withoutNoise({ readable, writable }: Stream, { unanswered, onUpdate }: Through): Stream {
  const asked = new Set<unknown>();
  let noise = 0;

  function isForLibrary(message: unknown): message is AnyMessage {
    if (!isObject(message) || message.jsonrpc !== "2.0") return false;
    const { id, method } = message;
    if (method === undefined) return asked.delete(id);
    return typeof method === "string" && (id === undefined ? method === CANCEL : isId(id));
  }

  const writer = writable.getWriter();
  return {
    readable: readable.pipeThrough(
      new TransformStream({
        transform(message: AnyMessage, controller) {
          if (isUpdate(message)) {
            onUpdate(isObject(message.params) ? message.params.update : undefined);
            return;
          }
          if (isForLibrary(message)) {
            unanswered.read(message);
            controller.enqueue(message);
            return;
          }
          noise += 1;
          if (noise > MOST_NOISE) controller.error(notTheProtocol());
        },
      }),
    ),
    writable: new WritableStream({
      async write(message: AnyMessage) {
        if ("method" in message && "id" in message) asked.add(message.id);
        await writer.write(message);
        unanswered.wrote(message);
      },
    }),
  };
}

const isUpdate = (message: unknown): message is { params?: unknown } =>
  isObject(message) && message.method === "session/update" && message.id === undefined;

const isId = (id: unknown): boolean => typeof id === "string" || typeof id === "number";

const notTheProtocol = () =>
  new Error(
    `More than ${MOST_NOISE.toLocaleString("en")} of its messages are none of the Agent Client Protocol`,
  );
