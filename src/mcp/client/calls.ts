// Calls of tools: what a server answers is the result, what it wants to know first, or a task that it does meanwhile.

import type { CallToolResult, Client, RequestOptions } from "@modelcontextprotocol/client";
import { storable } from "../../db/storable.ts";
import { HeddleError } from "../../errors.ts";
import type { JsonObject } from "../../sdk/json.ts";
import { protocol } from "../protocol.ts";
import type { Question, Reply } from "../questions/question.ts";
import { questionOf } from "../questions/question-of.ts";
import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import { mayHaveActed } from "./failure.ts";

export type Answered =
  | { kind: "result"; result: CallToolResult }
  /** The same call is made again, with the replies and the server's state. */
  | { kind: "asks"; asks: Asks }
  | { kind: "task"; task: ServerTask };

export interface Asks {
  /** Undefined for a question that nobody is asked. */
  questions: { name: string; question: Question | undefined }[];
  state: string | undefined;
}

export interface ServerTask {
  id: string;
  status: "working" | "input_required" | "completed" | "failed" | "cancelled";
  pollMs: number;
}

export interface ToolCall {
  name: string;
  args: JsonObject;
  /** Whether the tool runs only as a task of the protocol of 2025-11-25. */
  isTask: boolean;
  /** What the server wanted to know. */
  back?: { replies: Record<string, Reply>; state: string | undefined } | undefined;
}

type Uses = Pick<Connection, "use">;

/** How long a server is asked to keep a task. */
export const TASK_MS = 86_400_000;
const POLL_MS = 5_000;
const SHORTEST_POLL_MS = 1_000;
export const LONGEST_POLL_MS = 60_000;

export async function callTool(connection: Uses, call: ToolCall, calling: CallOptions): Promise<Answered> {
  try {
    return await sendCall(connection, call, calling);
  } catch (error) {
    throw withOutcome(error);
  }
}

/** Tells whoever reads it, mostly a model, if the call may have taken effect in spite of the error. */
function withOutcome(error: unknown): unknown {
  if (!(error instanceof HeddleError)) return error;
  const { code, cause, message } = error;
  const isUnknown = code === "timeout" || (code === "upstream" && cause !== undefined && mayHaveActed(cause));
  if (!isUnknown) return error;
  const told = `${message.replace(/\.$/, "")}. The outcome of the call is unknown: it may have taken effect.`;
  return new HeddleError(code, told, { cause: cause ?? error });
}

const sendCall = (connection: Uses, call: ToolCall, calling: CallOptions): Promise<Answered> =>
  connection.use(calling, async (client, options) => {
    const { name, args, isTask, back } = call;
    if (isTask) return begun(await begin(client, { name, args }, options));
    const input = back && {
      inputResponses: back.replies,
      ...(back.state !== undefined && { requestState: back.state }),
    };
    const result: unknown = await client.callTool(
      { name, arguments: args, ...input },
      { ...options, allowInputRequired: true },
    );
    return (await protocol.load()).isInputRequiredResult(result)
      ? { kind: "asks", asks: asksOf(result) }
      : { kind: "result", result: result as CallToolResult };
  });

/** A server's questions are stored, so one that asks more than this at once is refused. */
const MOST_ASKED = 20;
const LONGEST_NAME = 200;
const LONGEST_STATE = 256_000;

function asksOf({
  inputRequests = {},
  requestState,
}: {
  inputRequests?: object;
  requestState?: string;
}): Asks {
  const names = Object.keys(inputRequests);
  const isTooMuch =
    names.length > MOST_ASKED ||
    (requestState?.length ?? 0) > LONGEST_STATE ||
    names.some((name) => name.length > LONGEST_NAME || storable(name) !== name);
  if (isTooMuch) {
    const message = `It wants to know more than ${MOST_ASKED} things at once, or wants back more than ${LONGEST_STATE.toLocaleString("en")} characters.`;
    throw new HeddleError("upstream", message);
  }
  return {
    questions: Object.entries(inputRequests).map(([name, { method, params }]) => ({
      name,
      question: method === "elicitation/create" ? questionOf(params) : undefined,
    })),
    state: requestState,
  };
}

/** The client has no methods for tasks; what they are is still checked. */
async function begin(
  client: Client,
  { name, args }: { name: string; args: JsonObject },
  options: RequestOptions,
) {
  const canTask = client.getServerCapabilities() as { tasks?: { requests?: { tools?: { call?: object } } } };
  if (client.getProtocolEra() !== "legacy" || !canTask?.tasks?.requests?.tools?.call) {
    throw new HeddleError("upstream", `The tool ${name} runs as a task, and its server has no tasks.`);
  }
  const params = { name, arguments: args, task: { ttl: TASK_MS } };
  const { specTypeSchemas } = await protocol.load();
  return client.request({ method: "tools/call", params }, specTypeSchemas.CreateTaskResult, options);
}

const begun = ({ task }: { task: GivenTask }): Answered => ({ kind: "task", task: taskOf(task) });

interface GivenTask {
  taskId: string;
  status: ServerTask["status"];
  pollInterval?: number | undefined;
}

function taskOf({ taskId, status, pollInterval = POLL_MS }: GivenTask): ServerTask {
  if (taskId.length > LONGEST_NAME) throw new HeddleError("upstream", "The id of its task is too long.");
  const pollMs = Math.min(Math.max(pollInterval, SHORTEST_POLL_MS), LONGEST_POLL_MS);
  return { id: taskId, status, pollMs };
}

/** What has become of a task. */
export const getTask = (connection: Uses, taskId: string, calling: CallOptions): Promise<ServerTask> =>
  connection.use(calling, async (client, options) => {
    const { GetTaskResult } = (await protocol.load()).specTypeSchemas;
    return taskOf(await client.request({ method: "tasks/get", params: { taskId } }, GetTaskResult, options));
  });

/** The result of a task, which the server gives when it is done. It may ask a person something meanwhile. */
export const resultOfTask = (
  connection: Uses,
  taskId: string,
  calling: CallOptions,
): Promise<CallToolResult> =>
  connection.use(calling, async (client, options) => {
    const { CallToolResult } = (await protocol.load()).specTypeSchemas;
    return client.request({ method: "tasks/result", params: { taskId } }, CallToolResult, options);
  });

export const cancelTask = (connection: Uses, taskId: string, calling: CallOptions): Promise<unknown> =>
  connection.use(calling, async (client, options) => {
    const { CancelTaskResult } = (await protocol.load()).specTypeSchemas;
    return client.request({ method: "tasks/cancel", params: { taskId } }, CancelTaskResult, options);
  });
