// Wrappers that `heddle dev` puts around the parts of a server to show what happens: requests to integrations, answers
// of the model, results of tools, deliveries.

import type { Delegate } from "../../agent/delegating.ts";
import type { ToolRegistry } from "../../agent/tools/registry.ts";
import type { Dispatchers } from "../../dispatch/registry.ts";
import { errorMessage } from "../../errors.ts";
import type { Llm, LlmEvent, LlmMessage } from "../../llm/llm.ts";
import { withoutMarks } from "../../llm/outside-marks.ts";
import type { Redact } from "../../redact.ts";
import type { ServeOptions } from "../../runtime/serve.ts";
import { isPermanent } from "../../sdk/errors.ts";
import type { Dispatcher, StreamUpdate } from "../../sdk/types.ts";
import { createPrint, type Print, short } from "./console.ts";
import { lastMessage, toolOf } from "./scripted-llm.ts";

type Fetch = ServeOptions["fetch"];
type Tools = Pick<ToolRegistry, "get" | "list">;

/** Each takes a part that a server would use, and returns the one to use instead. */
export interface Instruments {
  llm(real: Llm): Llm;
  /** The dispatchers that deliveries go through. */
  dispatchers(real: Dispatchers): Dispatchers;
  fetch(real: Fetch): Fetch;
  /** The tools that runs call. Default: the real ones. */
  tools?(real: Tools): Tools;
  /** What starts the runs of delegated work. Default: the real one. */
  delegate?(real: Delegate): Delegate;
}

export interface InstrumentsOptions {
  /** Receives finished lines. */
  write: (line: string) => void;
  /** Shows deliveries instead of making them. */
  dryRun: boolean;
  /** Undefined: the configured model. */
  llm: Llm | undefined;
}

/** `redact` is the server's. */
export const createInstruments =
  ({ write, dryRun, llm }: InstrumentsOptions) =>
  ({ redact }: { redact: Redact }): Instruments => {
    const print = createPrint((line) => write(redact(line)));
    return {
      llm: (real) => watchLlm(llm ?? real, print),
      dispatchers: (real) => ({
        ...real,
        get(type) {
          const dispatcher = real.get(type);
          return dispatcher && watchDispatcher(type, dispatcher, { print, dryRun });
        },
        // A delivery that is not made has no receipt in the dispatcher's shape.
        ...(dryRun && { checkReceipt: () => undefined }),
      }),
      fetch: (real) => watchRequests(real, print),
    };
  };

function watchLlm(llm: Llm, print: Print): Llm {
  return {
    ...llm,
    async *stream(request): AsyncGenerator<LlmEvent> {
      for (const { mark, text } of news(request.messages)) print(mark, text);
      for await (const event of llm.stream(request)) {
        if (event.type === "done") {
          for (const call of event.toolCalls)
            print("model", `${event.model} calls ${call.name} ${short(call.arguments)}`);
          if (event.text !== "") print("model", `${event.model}: ${short(event.text)}`);
        }
        yield event;
      }
    },
  };
}

/** What came since the model's last answer: a user's message, or results of tools. */
function news(messages: readonly LlmMessage[]): { mark: "run" | "tool"; text: string }[] {
  const { text, tool } = lastMessage(messages);
  if (tool === undefined) return [{ mark: "run", text: `A run answers: ${short(text)}` }];
  const at = messages.findLastIndex(({ role }) => role !== "tool");
  return messages.slice(at + 1).flatMap((message) =>
    message.role === "tool"
      ? [
          {
            mark: "tool" as const,
            text: `${toolOf(messages, message.tool_call_id)} returned ${short(withoutMarks(message.content))}`,
          },
        ]
      : [],
  );
}

/** Dispatch types that reach nobody outside this server. */
const INSIDE = ["none", "internal"];

function watchDispatcher(
  type: string,
  dispatcher: Dispatcher,
  { print, dryRun }: { print: Print; dryRun: boolean },
): Dispatcher {
  if (INSIDE.includes(type)) return dispatcher;

  async function watch(to: object, text: string, attempt: number, deliver: () => unknown) {
    const what = `${type} ${short(to)}: ${short(text)}`;
    if (dryRun) {
      print("out", `Not delivered (--dry-run): ${what}`);
      return { receipt: { dry_run: true } };
    }
    try {
      const delivered = (await deliver()) as { receipt: unknown } | undefined;
      print("out", `Delivered: ${what} (receipt ${short(delivered?.receipt ?? null)})`);
      return delivered;
    } catch (error) {
      const then = isPermanent(error) ? "given up" : `tried again, this was attempt ${attempt}`;
      print("failed", `Not delivered: ${what}: ${short(errorMessage(error))} (${then})`);
      throw error;
    }
  }

  const show = async ({ config, state, text }: StreamUpdate, stream: () => unknown) => {
    const what = `${type} ${short(config)}: ${state}${text && `, ${short(text)}`}`;
    // One that is not made must not leave a handle, which would be delivered to.
    if (dryRun) return void print("out", `Not streamed (--dry-run): ${what}`);
    try {
      const returned = await stream();
      print("out", `Streamed: ${what}`);
      return returned;
    } catch (error) {
      print("failed", `Not streamed: ${what}: ${short(errorMessage(error))}`);
      throw error;
    }
  };

  const { postMessage, askApproval, edit, remove, stream } = dispatcher;
  return {
    ...dispatcher,
    ...(stream && {
      stream: (update, ctx) => show(update, () => stream.call(dispatcher, update, ctx)),
    }),
    deliver: (input, ctx) =>
      watch(input.config, input.result, ctx.attempt, () => dispatcher.deliver(input, ctx)),
    ...(postMessage && {
      postMessage: (input, ctx) =>
        watch(input.config, input.text, ctx.attempt, () => postMessage.call(dispatcher, input, ctx)),
    }),
    ...(askApproval && {
      askApproval: (input, ctx) =>
        watch(input.config, input.text, ctx.attempt, () => askApproval.call(dispatcher, input, ctx)),
    }),
    ...(edit && {
      edit: (input, ctx) =>
        watch(input.config, input.text, ctx.attempt, () => edit.call(dispatcher, input, ctx)),
    }),
    ...(remove && {
      remove: (input, ctx) =>
        watch(input.config, "(withdrawn)", ctx.attempt, () => remove.call(dispatcher, input, ctx)),
    }),
  };
}

function watchRequests(real: Fetch, print: Print): Fetch {
  return async (request, client) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/integrations/")) return real(request, client);
    const started = performance.now();
    const body = request.body ? request.clone() : undefined;
    const response = await real(request, client);
    const sent = body ? await body.text().catch(() => "") : "";
    const answer = response.ok ? "" : await response.clone().text();
    const ms = Math.round(performance.now() - started);
    print(
      response.ok ? "in" : "failed",
      `${request.method} ${pathname} ${response.status} in ${ms} ms  ${short(sent)}${answer && `  answered ${short(answer)}`}`,
    );
    return response;
  };
}
