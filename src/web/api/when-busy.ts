// What becomes of a message that arrives during a run, in words.

import type { Schema } from "./client.ts";

export type WhenBusy = Schema<"Channel">["when_busy"];

interface Way {
  value: WhenBusy;
  label: string;
  explanation: string;
}

export const WHEN_BUSY: readonly Way[] = [
  {
    value: "queue",
    label: "Answer it afterwards",
    explanation: "It has a run of its own, after those before it.",
  },
  {
    value: "collect",
    label: "Collect what waits",
    explanation: "The messages that wait are answered together, in one run.",
  },
  {
    value: "steer",
    label: "Add it to the run",
    explanation: "The run in progress gets it before its next model call.",
  },
  {
    value: "interrupt",
    label: "Stop the run for it",
    explanation: "The run in progress ends, and the bot answers this message instead.",
  },
];
