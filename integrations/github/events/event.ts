import type * as forge from "../../_forge/event.ts";

export interface EventRun extends forge.Assigned {
  /** The issue or pull request on which the answer is posted as a comment. */
  issueNumber: number;
  /** The first comment of the conversation beside the code that the answer goes into. */
  commentId?: number;
}

export type EventMessage = forge.EventMessage<EventRun>;
export type DescribeEvent = forge.DescribeEvent<EventRun>;
