import type * as forge from "../../_forge/event.ts";

export interface EventRun extends forge.Assigned {
  /** The issue or pull request that is answered. */
  number: number;
  /** The comment that asks. */
  comment?: number;
}

/** A webhook as it is taken: what it says, and what makes it the same event when it is seen again. */
export interface Described extends forge.EventMessage<EventRun> {
  key: string;
}
