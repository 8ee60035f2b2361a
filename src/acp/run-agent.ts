// One piece of work of a coding agent: a program is started, asked over the Agent Client Protocol (version 1), and ended.
// https://agentclientprotocol.com

import {
  type ClientContext,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptRequest,
  type PromptResponse,
  type RequestPermissionOutcome,
  type RequestPermissionRequest,
} from "@agentclientprotocol/sdk";
import { errorMessage, HeddleError } from "../errors.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type { OutputStream, SpawnedProcess } from "../runtime/spawn.ts";
import { createWorkLog, type WorkDone } from "./work-log.ts";

export type StartAgent = (
  onOutput: (chunk: Uint8Array, stream: OutputStream) => Promise<void> | undefined,
) => SpawnedProcess;

export interface AgentWork {
  /** Its name, for people. */
  name: string;
  /** An absolute path. */
  folder: string;
  task: string;
  version: string;
  signal: AbortSignal;
  onProgress(message: string): void;
  /** Decides on what the agent wants to do. */
  permit(request: RequestPermissionRequest, signal: AbortSignal): Promise<RequestPermissionOutcome>;
}

/** The largest message. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_WORDS = 2_000;
/** How long an agent has to begin a session; some are downloaded first. */
const START_MS = 120_000;
const GRACE_MS = 2_000;

/** Throws `unavailable` when the agent cannot do it, and the reason of the signal. */
export async function runAgent(start: StartAgent, work: AgentWork): Promise<WorkDone> {
  const output = new TransformStream<Uint8Array, Uint8Array>();
  const writer = output.writable.getWriter();
  const decoder = new TextDecoder();
  let words = "";
  const program = start((chunk, stream) => {
    // While the agent's messages wait to be read, so does the agent.
    if (stream === "stdout") return writer.write(chunk.slice()).catch(() => undefined);
    words = (words + decoder.decode(chunk, { stream: true })).slice(-MOST_WORDS);
    return undefined;
  });
  void program.exited.then(() => writer.close()).catch(() => undefined);
  const input = new WritableStream<Uint8Array>({
    write: (bytes) => program.write(new TextDecoder().decode(bytes)),
  });
  try {
    return await converse(ndJsonStream(input, output.readable, { maxMessageBytes: MOST_BYTES }), work);
  } catch (error) {
    throwIfAborted(work.signal);
    if (error instanceof HeddleError) throw error;
    const said = words.trim() === "" ? "" : ` It wrote: ${words.trim()}`;
    throw new HeddleError(
      "unavailable",
      `The coding agent ${work.name} failed: ${errorMessage(error)}.${said}`,
      {
        cause: error,
      },
    );
  } finally {
    await program.end(GRACE_MS);
  }
}

async function converse(stream: ReturnType<typeof ndJsonStream>, work: AgentWork): Promise<WorkDone> {
  const { signal, folder, task, permit } = work;
  const log = createWorkLog(folder, work.onProgress);
  const app = client({ name: "heddle" })
    .onRequest(methods.client.session.requestPermission, async ({ params, signal: ended }) => ({
      outcome: await permit(params, AbortSignal.any([signal, ended])),
    }))
    .onNotification(methods.client.session.update, ({ params }) => log.note(params.update));
  return app.connectWith(stream, async (agent) => {
    const sessionId = await untilEnd(begin(agent, work), AbortSignal.any([signal, tooLate(work.name)]));
    const stop = () => void agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const asked = agent.request<PromptResponse, PromptRequest>(methods.agent.session.prompt, {
        sessionId,
        prompt: [{ type: "text", text: task }],
      });
      const { stopReason } = await untilEnd(asked, signal);
      return log.done(stopReason);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  });
}

async function begin(agent: ClientContext, { folder, name, version }: AgentWork): Promise<string> {
  const { protocolVersion } = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    // It has its folder, and the programs of this machine, itself.
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: "heddle", version },
  });
  if (protocolVersion !== PROTOCOL_VERSION) {
    const message = `The coding agent ${name} speaks version ${protocolVersion} of the protocol; it must speak ${PROTOCOL_VERSION}.`;
    throw new HeddleError("unavailable", message);
  }
  const { sessionId } = await agent.request(methods.agent.session.new, { cwd: folder, mcpServers: [] });
  return sessionId;
}

function tooLate(name: string): AbortSignal {
  const limit = new AbortController();
  const late = new HeddleError(
    "unavailable",
    `The coding agent ${name} did not begin within ${START_MS / 1_000} seconds.`,
  );
  setTimeout(() => limit.abort(late), START_MS).unref();
  return limit.signal;
}

/** Rejects with the reason of the signal when that comes first. */
function untilEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}
