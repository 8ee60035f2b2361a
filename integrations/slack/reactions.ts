// Emojis that show what a run does, on the message that it answers.

export const MARK_WORKING = "hourglass_flowing_sand";
export const MARK_DONE = "white_check_mark";
export const MARK_FAILED = "x";

/** By words in the names of tools; the first that fits. */
const KINDS: [string[], string][] = [
  [["search"], "mag"],
  [["exec", "shell", "run_"], "computer"],
  [["memory"], "brain"],
  [["read", "write", "edit", "file"], "pencil"],
  [["delegate"], "busts_in_silhouette"],
];

export const reactionFor = (tool: string): string =>
  KINDS.find(([words]) => words.some((word) => tool.includes(word)))?.[1] ?? "gear";
