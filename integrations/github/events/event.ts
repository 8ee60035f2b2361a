import type { Payload } from "./payload.ts";

/** The message that an event becomes. */
export interface EventMessage {
  content: string;
  /** Set if the bot is to answer; with null, the message is only stored. */
  run: EventRun | null;
}

export interface EventRun {
  /** The issue or pull request on which the answer is posted as a comment. */
  issueNumber: number;
  /** The first comment of the conversation beside the code that the answer goes into. */
  commentId?: number;
  /** What the bot is asked to do. */
  assignment: string;
  tools: string[];
}

/** Returns null for what does not concern a bot, such as another action of the event. */
export type DescribeEvent = (payload: Payload) => EventMessage | null;
