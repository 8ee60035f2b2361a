// What a tool says about its progress, no more often than people can read it.

import { storable } from "../../db/storable.ts";
import type { Redact } from "../../redact.ts";

export interface Progress {
  message: string;
  /** 0 to 1; null: not known. */
  fraction: number | null;
}

export interface ProgressReport {
  report(message: unknown, fraction?: unknown): void;
  /** Nothing more is told. */
  close(): void;
}

const EVERY_MS = 250;
const MOST_CHARACTERS = 300;

/** The newest report is passed on within a quarter of a second; those in between are dropped. It never throws, because foreign code calls it. */
export function createProgress(tell: (progress: Progress) => void, redact: Redact): ProgressReport {
  let waiting: Progress | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  const tellWaiting = () => {
    timer = undefined;
    if (waiting === undefined) return;
    const progress = waiting;
    waiting = undefined;
    timer = setTimeout(tellWaiting, EVERY_MS);
    tell(progress);
  };
  return {
    report(message, fraction) {
      if (isClosed) return;
      waiting = { message: lineOf(message, redact), fraction: shareOf(fraction) };
      if (timer === undefined) tellWaiting();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** Redacted before it is cut: half a secret would not be recognised. */
const lineOf = (message: unknown, redact: Redact): string =>
  storable(redact(typeof message === "string" ? message : "").replaceAll(/[\r\n]/g, " "))
    .slice(0, MOST_CHARACTERS)
    .toWellFormed();

const shareOf = (fraction: unknown): number | null =>
  typeof fraction === "number" && !Number.isNaN(fraction) ? Math.min(1, Math.max(0, fraction)) : null;
