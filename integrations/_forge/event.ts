import type { Payload } from "./payload.ts";

/** The message that an event becomes. */
export interface EventMessage<Run extends Assigned = Assigned> {
  content: string;
  /** Set if the bot is to answer; with null, the message is only stored. */
  run: Run | null;
}

export interface Assigned {
  /** What the bot is asked to do. */
  assignment: string;
  tools: string[];
}

/** Returns null for what does not concern a bot, such as another action of the event. */
export type DescribeEvent<Run extends Assigned> = (payload: Payload) => EventMessage<Run> | null;
