// The lines of `heddle dev`: what comes in, what the model and the tools answer, what goes out.

import { styleText } from "node:util";

export type Print = (mark: Mark, text: string) => void;

/** The kind of thing a line shows. */
export type Mark = "in" | "run" | "model" | "tool" | "out" | "failed";

const MARKS: Record<Mark, { sign: string; style: Parameters<typeof styleText>[0] }> = {
  in: { sign: "→", style: "cyan" },
  run: { sign: "▶", style: "bold" },
  model: { sign: "·", style: "magenta" },
  tool: { sign: "·", style: "yellow" },
  out: { sign: "←", style: "green" },
  failed: { sign: "✗", style: "red" },
};

export function createPrint(write: (line: string) => void, now: () => Date = () => new Date()): Print {
  return (mark, text) => {
    const { sign, style } = MARKS[mark];
    const time = styleText("gray", now().toTimeString().slice(0, 8), { stream: process.stdout });
    write(`${time} ${styleText(style, `${sign} ${text}`, { stream: process.stdout })}`);
  };
}

const LONGEST = 400;

/** One line of text, cut at a few lines of a terminal. */
export function short(value: unknown): string {
  const text = (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
    .replace(/\s+/g, " ")
    .trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text;
}
