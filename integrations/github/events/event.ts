import type { Payload } from "./payload.ts";

/** What an event says to a bot. */
export interface EventMessage {
  content: string;
  /** Set when the bot is to answer; null only stores the message. */
  run: EventRun | null;
}

export interface EventRun {
  /** The issue or pull request that gets the answer as a comment. */
  issueNumber: number;
  /** What the bot is asked to do. */
  assignment: string;
  tools: string[];
}

/** Null: nothing that a bot needs to know, such as another action of the event. */
export type DescribeEvent = (payload: Payload) => EventMessage | null;
