// Emojis that show what a run does, on the message that it answers, by Slack's names.

import { type KindOfTool, kindOfTool } from "../_reactions/kind-of-tool.ts";

export const MARK_WORKING = "hourglass_flowing_sand";
export const MARK_DONE = "white_check_mark";
export const MARK_FAILED = "x";

const MARKS: Record<KindOfTool, string> = {
  search: "mag",
  shell: "computer",
  memory: "brain",
  files: "pencil",
  delegate: "busts_in_silhouette",
  other: "gear",
};

export const reactionFor = (tool: string): string => MARKS[kindOfTool(tool)];
