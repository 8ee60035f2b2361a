// What a tool does, as reactions in chats show it: by words in its name, the first that fits.

export type KindOfTool = "search" | "shell" | "memory" | "files" | "delegate" | "other";

const KINDS: [string[], KindOfTool][] = [
  [["search"], "search"],
  [["exec", "shell", "run_"], "shell"],
  [["memory"], "memory"],
  [["read", "write", "edit", "file"], "files"],
  [["delegate"], "delegate"],
];

export const kindOfTool = (tool: string): KindOfTool =>
  KINDS.find(([words]) => words.some((word) => tool.includes(word)))?.[1] ?? "other";
