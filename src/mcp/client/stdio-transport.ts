// Speaks with an MCP server that runs as a process of this machine: one JSON text a line, over its input and output.

import {
  type JSONRPCMessage,
  ReadBuffer,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/client";
import type { OutputStream, SpawnedProcess } from "../../runtime/spawn.ts";
import { restAfter } from "./rest.ts";
import { createUnanswered } from "./unanswered.ts";

export type StartProcess = (
  onOutput: (chunk: Uint8Array, stream: OutputStream) => Promise<void> | undefined,
) => SpawnedProcess;

export interface StdioTransport extends Transport {
  /** What it wrote last to its error output, for people. */
  lastWords(): string;
  /** Why Heddle ended it, for people; undefined if it ended by itself. */
  fault(): string | undefined;
  // The client takes a transport with these for one of a process, whose silence means an older protocol.
  readonly pid: number | null;
  readonly stderr: null;
}

/** The largest message. */
const MOST_MB = 16;
const MOST_BYTES = MOST_MB * 1024 * 1024;
const MOST_WORDS = 2_000;
const GRACE_MS = 2_000;

/**
 * `start` must read and write its process's streams. The process and its descendants end with the transport. `note` is added to its last
 * words.
 */
export function createStdioTransport(start: StartProcess, note = ""): StdioTransport {
  const buffer = new ReadBuffer({ maxBufferSize: MOST_BYTES });
  const decoder = new TextDecoder();
  const unanswered = createUnanswered();
  let process: SpawnedProcess | undefined;
  let words = "";
  let isClosed = false;
  let fault: string | undefined;

  function onOutput(chunk: Uint8Array, stream: OutputStream): Promise<void> | undefined {
    if (stream === "stderr") {
      words = (words + decoder.decode(chunk, { stream: true })).slice(-MOST_WORDS);
      return undefined;
    }
    try {
      buffer.append(Buffer.from(chunk));
    } catch (error) {
      transport.onerror?.(error as Error);
      fault = `The program was ended, because a message of it is larger than ${MOST_MB} MB.`;
      void close();
      return undefined;
    }
    const begun = performance.now();
    for (;;) {
      try {
        const message = buffer.readMessage();
        if (message === null) return rest(performance.now() - begun);
        unanswered.read(message);
        transport.onmessage?.(message);
      } catch (error) {
        // Not a message: some programs also log to their output.
        transport.onerror?.(error as Error);
      }
    }
  }

  /** What it said may have to be answered first, and others want to work as well. */
  async function rest(tookMs: number): Promise<void> {
    await restAfter(tookMs);
    await unanswered.room();
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    buffer.clear();
    await process?.end(GRACE_MS);
    transport.onclose?.();
  }

  const transport: StdioTransport = {
    stderr: null,
    get pid() {
      return process?.pid ?? null;
    },
    lastWords: () => `${words.trim()} ${note}`.trim(),
    fault: () => fault,
    async start() {
      process = start(onOutput);
      void process.exited.then(close);
    },
    async send(message: JSONRPCMessage) {
      if (!process || isClosed) throw new Error("The process does not run.");
      await process.write(serializeMessage(message));
      unanswered.wrote(message);
    },
    close,
  };
  return transport;
}
