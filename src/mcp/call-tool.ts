// Calls a tool of an MCP server for a run, or for whoever tries it.

import { HeddleError } from "../errors.ts";
import type { CallOptions } from "./client/call-options.ts";
import type { Connection } from "./client/connection.ts";
import { missingScope } from "./client/failure.ts";
import { referenceTo } from "./client/listed-tool.ts";
import { resultOf } from "./client/result.ts";
import type { Questions } from "./questions/questions.ts";
import type { CallMcp } from "./tools.ts";

export interface CallToolOptions {
  /** Undefined if the server is disabled. */
  connectionTo: (id: string) => Pick<Connection, "call"> | undefined;
  ask: Questions["ask"];
  /** Told what the server wants beyond what was granted. */
  noteMissing: (id: string, scope: string) => Promise<void>;
}

export const createCallTool =
  ({ connectionTo, ask, noteMissing }: CallToolOptions): CallMcp =>
  async (server, tool, args, { signal, progress, task_id }) => {
    const connection = connectionTo(server);
    if (!connection) throw new HeddleError("unavailable", `The MCP server ${server} is disabled.`);
    const asked = { server, reference: referenceTo(server, tool), task_id };
    try {
      const result = await connection.call(tool, args, {
        signal,
        onProgress: toProgress(progress),
        ask: (question, until) => ask(asked, question, until),
      });
      return resultOf(server, result);
    } catch (error) {
      const missing = missingScope(error);
      // What the call failed with counts; the next one asks for the permission again.
      if (missing !== undefined) await noteMissing(server, missing).catch(() => undefined);
      throw error;
    }
  };

/** What a server says of how far it is, as tools here say it. */
const toProgress =
  (report: (message: string, fraction?: number) => void): NonNullable<CallOptions["onProgress"]> =>
  ({ message, progress, total }) =>
    report(
      message ?? (total ? `${progress} of ${total}` : String(progress)),
      total ? progress / total : undefined,
    );
