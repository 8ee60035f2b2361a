// What is walked over: one integration with the service that it stands before, real or a fake.

import type { Heddle } from "./heddle.ts";

export const PHASES = [
  "set up",
  "answer",
  "stream",
  "thread",
  "check",
  "approval",
  "kill -9",
  "outage",
  "cut",
  "drop",
] as const;
export type Phase = (typeof PHASES)[number];

export interface Question {
  text: string;
  /** Names the way to say yes; undefined once there is none. */
  yes: string | undefined;
}

/** `Told` is how the subject recognises where something was said. */
export interface Subject<Told = unknown> {
  name: string;
  integration: string;
  settings: Record<string, string>;
  /** The connection that its page shows. */
  connection?: string;
  /** Once it has its settings, and before they are tested. */
  prepare?(heddle: Heddle): Promise<void>;
  /** As policies name who decides. */
  approver?: string;
  /** How much it is told while the server is away. Default: 20. */
  many?: number;
  /** Phases that few have: whether it answers in the thread, and as a check of a commit. */
  also?: ("thread" | "check")[];
  /** Why phases are left out. */
  lacks: Partial<Record<Phase, string>>;
  /** Somebody writes, or something happens there; `text` has the mark of the answer. */
  tell(text: string, phase: Phase): Promise<Told>;
  /** What has been answered there and is finished. */
  answers(told: Told): string[] | Promise<string[]>;
  /** What shows, while it is worked on, that it is. */
  progress?(told: Told): string[] | Promise<string[]>;
  question?(told: Told): Question | undefined | Promise<Question | undefined>;
  /** Says yes; resolves with what the person is told. */
  decide?(told: Told, question: Question): Promise<string>;
  /** Why an answer may be there twice after a crash. */
  mayDouble?: string;
  drop?(): void;
  cut?(): void;
  /** The server is back after it was away. */
  back?(): void | Promise<void>;
  stop(): void | Promise<void>;
}
