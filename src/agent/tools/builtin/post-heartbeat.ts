// The core tool with which a bot says something in its channel during a heartbeat whose answer is not posted.

import { Type } from "@sinclair/typebox";
import { HeddleError } from "../../../errors.ts";
import type { ToolContext } from "../../../sdk/types.ts";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";

export interface PostHeartbeatOptions {
  name: string;
  /** Whether the run is one of a heartbeat. */
  isHeartbeat(taskId: string): Promise<boolean>;
  post(run: ToolContext, text: string): Promise<void>;
}

export const createPostHeartbeatTool = ({ name, isHeartbeat, post }: PostHeartbeatOptions): Tool =>
  answering({
    name,
    description:
      "Post a message in the channel during a heartbeat. Call it only if somebody should know something now.",
    annotations: { readOnly: false, egress: true },
    parameters: Type.Object({
      message: Type.String({ minLength: 1, maxLength: 20_000, description: "What to say." }),
    }) as unknown as Tool["parameters"],
    async run({ message }: { message: string }, context: ToolContext) {
      if (!(await isHeartbeat(context.task_id))) {
        throw new HeddleError("conflict", "This run is not a heartbeat; your answer is posted as usual.");
      }
      await post(context, message);
      return { posted: true };
    },
  });
