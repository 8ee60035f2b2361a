// One piece of work of a coding agent: a program is started, asked over the Agent Client Protocol (version 1), and ended.
// https://agentclientprotocol.com

import { setTimeout as pause } from "node:timers/promises";
import {
  type ClientContext,
  client,
  methods,
  PROTOCOL_VERSION,
  type PromptRequest,
  type PromptResponse,
  type RequestPermissionOutcome,
  type RequestPermissionRequest,
  type Stream,
} from "@agentclientprotocol/sdk";
import { errorMessage, HeddleError } from "../errors.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type { OutputStream, SpawnedProcess } from "../runtime/spawn.ts";
import { within } from "../within.ts";
import { createAgentStream } from "./agent-stream.ts";
import { createWorkLog, type WorkDone } from "./work-log.ts";

export type StartAgent = (
  onOutput: (chunk: Uint8Array, stream: OutputStream) => Promise<void> | undefined,
) => SpawnedProcess;

export interface AgentPlace {
  /** Where it works: an absolute path. */
  folder: string;
  /** Added to the reason when it fails: what it cannot open there. */
  note: string;
}

interface AgentStart extends AgentPlace {
  /** Its name, for people. */
  name: string;
  version: string;
  signal: AbortSignal;
}

export interface AgentWork extends AgentStart {
  task: string;
  onProgress(message: string): void;
  /** Decides on what the agent wants to do. */
  permit(request: RequestPermissionRequest, signal: AbortSignal): Promise<RequestPermissionOutcome>;
}

const MOST_WORDS = 2_000;
/** How long an agent has to begin a session; some are downloaded first. */
const START_MS = 120_000;
const GRACE_MS = 2_000;
/** How long output is still read after the agent has ended. */
const DRAIN_MS = 500;

/** Throws `unavailable` when the agent cannot do it, and the reason of the signal. */
export function runAgent(start: StartAgent, work: AgentWork): Promise<WorkDone> {
  const log = createWorkLog(work.folder, work.onProgress);
  return withAgent(start, { ...work, onUpdate: log.note }, (stream) => converse(stream, work, log));
}

/** What an agent says of itself; null where it says nothing. */
export interface AgentFacts {
  name: string | null;
  version: string | null;
}

/** Begins a session and ends it, without asking for any work. Throws like `runAgent`. */
export const tryAgent = (start: StartAgent, work: AgentStart): Promise<AgentFacts> =>
  withAgent(start, work, (stream) =>
    client({ name: "heddle" }).connectWith(stream, async (agent) => {
      const begun = await untilEnd(begin(agent, work), AbortSignal.any([work.signal, tooLate(work.name)]));
      return begun.facts;
    }),
  );

async function withAgent<Result>(
  start: StartAgent,
  work: AgentStart & { onUpdate?: (update: unknown) => void },
  use: (stream: Stream) => Promise<Result>,
): Promise<Result> {
  const { onUpdate = () => undefined } = work;
  const decoder = new TextDecoder();
  let words = "";
  const between = createAgentStream({ write: (text) => program.write(text), onUpdate });
  const program = start((chunk, stream) => {
    // While the agent's messages wait to be read, so does the agent.
    if (stream === "stdout") return between.take(chunk);
    words = (words + decoder.decode(chunk, { stream: true })).slice(-MOST_WORDS);
    return undefined;
  });
  void program.exited.then(async () => {
    between.hurry();
    await pause(DRAIN_MS);
    between.end();
  });
  try {
    return await use(between.stream);
  } catch (error) {
    throwIfAborted(work.signal);
    if (error instanceof HeddleError) throw error;
    const said = words.trim() === "" ? "" : ` It wrote: ${words.trim()}`;
    const reason = `The coding agent ${work.name} failed: ${reasonOf(error)}.${said} ${work.note}`.trim();
    throw new HeddleError("unavailable", reason, { cause: error });
  } finally {
    await program.end(GRACE_MS);
  }
}

/** An agent explains an error in its data; the message only names the kind of error. */
function reasonOf(error: unknown): string {
  const { data } = (error ?? {}) as { data?: { details?: unknown; message?: unknown } };
  const details = data?.details ?? data?.message;
  const more = typeof details === "string" && details !== "" ? `: ${details.slice(0, MOST_WORDS)}` : "";
  return `${errorMessage(error).slice(0, MOST_WORDS)}${more}`.replace(/\.$/, "");
}

async function converse(
  stream: Stream,
  work: AgentWork,
  log: ReturnType<typeof createWorkLog>,
): Promise<WorkDone> {
  const { signal, task, permit } = work;
  const app = client({ name: "heddle" }).onRequest(
    methods.client.session.requestPermission,
    async ({ params, signal: ended }) => ({
      outcome: await permit(params, AbortSignal.any([signal, ended])),
    }),
  );
  return app.connectWith(stream, async (agent) => {
    const begun = begin(agent, work);
    const { sessionId } = await untilEnd(begun, AbortSignal.any([signal, tooLate(work.name)]));
    const asked = agent.request<PromptResponse, PromptRequest>(methods.agent.session.prompt, {
      sessionId,
      prompt: [{ type: "text", text: task }],
    });
    const stop = () => void agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const { stopReason } = await untilEnd(asked, signal);
      return log.done(stopReason);
    } catch (error) {
      // It is told to stop and may clean up; one that does not stop is terminated.
      if (signal.aborted) await within(GRACE_MS, asked).catch(() => undefined);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  });
}

async function begin(
  agent: ClientContext,
  { folder, name, version }: AgentStart,
): Promise<{ sessionId: string; facts: AgentFacts }> {
  const { protocolVersion, agentInfo } = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    // No client capabilities: the agent reads its folder, and runs the programs of this machine, by itself.
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: "heddle", version },
  });
  if (protocolVersion !== PROTOCOL_VERSION) {
    const message = `The coding agent ${name} speaks version ${protocolVersion} of the protocol; it must speak ${PROTOCOL_VERSION}.`;
    throw new HeddleError("unavailable", message);
  }
  const { sessionId } = await agent.request(methods.agent.session.new, { cwd: folder, mcpServers: [] });
  const facts = {
    name: agentInfo?.name?.slice(0, 200) ?? null,
    version: agentInfo?.version?.slice(0, 100) ?? null,
  };
  return { sessionId, facts };
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
