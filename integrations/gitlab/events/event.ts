import type * as forge from "../../_forge/event.ts";

export interface EventRun extends forge.Assigned {
  kind: "issue" | "merge_request";
  iid: number;
  /** The thread that is answered. */
  discussion?: string;
  /** The comment that asks. */
  note?: number;
}

export type EventMessage = forge.EventMessage<EventRun>;

/** A webhook as it is taken: what it says, and what makes it the same event when it is seen again. */
export interface Described extends EventMessage {
  key: string;
}
