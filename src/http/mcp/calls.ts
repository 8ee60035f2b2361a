// Which calls of clients of the older protocol go on, so that a notification can cancel one. Such a client keeps its call's
// connection for nothing: only the notification ends the call, and it comes with a request of its own, perhaps to another server.

import { createHash } from "node:crypto";
import type { RequestId } from "@modelcontextprotocol/server";

export interface Calls {
  /** Remembers the call until `end()`. `signal` is aborted when the client cancels it. */
  begin(call: string | undefined): { signal: AbortSignal; end(): void };
  /** Whether the call goes on in this process; if so, it is told. */
  cancel(call: string): boolean;
}

export function createCalls(): Calls {
  const going = new Map<string, Set<AbortController>>();
  return {
    begin(call) {
      const controller = new AbortController();
      const { signal } = controller;
      if (call === undefined) return { signal, end: () => undefined };
      const same = going.get(call) ?? new Set();
      going.set(call, same.add(controller));
      return {
        signal,
        end() {
          same.delete(controller);
          if (same.size === 0 && going.get(call) === same) going.delete(call);
        },
      };
    },
    cancel(call) {
      const controllers = going.get(call) ?? [];
      for (const controller of controllers) controller.abort();
      return going.has(call);
    },
  };
}

export const SESSION_HEADER = "mcp-session-id";

/**
 * Names a call among those of all clients. Clients count their requests from 0, so that without a session the same key's
 * clients could not be told apart: then the call has no name, and undefined is returned.
 */
export function nameOfCall(owner: string | null, session: string | null, id: RequestId): string | undefined {
  if (session === null) return undefined;
  return createHash("sha256")
    .update(JSON.stringify([owner, session, id]))
    .digest("base64url");
}
