// The watchdog, a thread beside the event loop: sees whether the loop still turns, says on standard error what it stands at
// when it does not, and at last ends the process. It uses nothing of the thread it watches.

import { write } from "node:fs";
import { workerData } from "node:worker_threads";
import { leaveStandstill } from "./standstill-record.ts";
import { slotsOf } from "./watchdog-slots.ts";

export interface WatchdogData {
  memory: SharedArrayBuffer;
  killAfterMs: number;
  warnAfterMs: number;
  format: "json" | "pretty";
  /** A file to leave word in for the next start. */
  record: string;
}

const LOOK_EVERY_MS = 250;
/** Time counts only while this thread runs as well: not while the machine sleeps or the process is stopped. */
const LONGEST_LOOK_MS = 1_000;
/** Whoever does not read standard error does not keep the process alive. */
const LAST_WORDS_MS = 500;
const NAMED = 5;

const { memory, killAfterMs, warnAfterMs, format, record } = workerData as WatchdogData;
const slots = slotsOf(memory);
let lastBeats = slots.beats();
let lastLook = performance.now();
let standingMs = 0;
let isTold = false;
let isEnding = false;

setInterval(look, LOOK_EVERY_MS);

function look(): void {
  if (isEnding) return;
  const now = performance.now();
  const beats = slots.beats();
  standingMs =
    beats === lastBeats && slots.isArmed() ? standingMs + Math.min(now - lastLook, LONGEST_LOOK_MS) : 0;
  lastLook = now;
  if (beats !== lastBeats) {
    lastBeats = beats;
    isTold = false;
    return;
  }
  if (standingMs >= killAfterMs) {
    isEnding = true;
    const end = () => process.kill(process.pid, "SIGKILL");
    setTimeout(end, LAST_WORDS_MS);
    const subjects = slots.underWay().flatMap(({ subject }) => (subject === "" ? [] : [subject]));
    leaveStandstill(record, { at: new Date().toISOString(), seconds: seconds(), subjects });
    say(`${standstill()} Heddle ends itself now (SIGKILL), so that it is started again.`, end);
  } else if (standingMs >= warnAfterMs && !isTold) {
    isTold = true;
    say(standstill(), () => undefined);
  }
}

const seconds = (): number => Math.round(standingMs / 1000);

function standstill(): string {
  const [latest, ...others] = slots.underWay().map(({ label }) => label);
  const at = latest === undefined ? "Nothing that is known had begun." : `What began last is ${latest}.`;
  const besides = others.length > 0 ? ` Also under way: ${others.slice(0, NAMED).join("; ")}.` : "";
  return `The event loop has stood still for ${seconds()} seconds: no request is answered. ${at}${besides}`;
}

function say(message: string, done: () => void): void {
  const time = new Date().toISOString();
  const line =
    format === "json"
      ? JSON.stringify({
          "@timestamp": time,
          level: "ERROR",
          message,
          logger: "heddle.watchdog",
          properties: {},
        })
      : `${time.slice(11, 23)}   error   heddle·watchdog      ${message}`;
  write(2, `${line}\n`, done);
}
