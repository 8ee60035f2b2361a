// Shows people at once that a bot has seen what they wrote, and how it ended.

import { log, registerHook } from "heddle/sdk";
import { type Payload, record } from "./payload.ts";

export type Progress = "seen" | "answered" | "failed";

/**
 * Calls `show` for the runs of this source, with what its messages carry in their metadata under the source's name. A failure
 * harms nothing.
 */
export function showProgress(
  source: string,
  show: (target: Payload, progress: Progress) => Promise<void>,
): void {
  async function tell({ source: from, message }: AboutMessage, progress: Progress): Promise<void> {
    if (from !== source) return;
    try {
      await show(record(message?.metadata[source]), progress);
    } catch (error) {
      log.debug("A reaction could not be made", { reason: String(error) });
    }
  }
  registerHook("before_context_assembly", ({ extra }) => tell(extra, "seen"));
  registerHook("after_response", ({ extra }) => {
    if (extra.status !== "cancelled") return tell(extra, extra.status === "complete" ? "answered" : "failed");
  });
}

interface AboutMessage {
  source: string | null;
  message: { metadata: Record<string, unknown> } | null;
}
