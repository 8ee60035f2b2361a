// The watchdog, a thread beside the event loop. It checks that the loop keeps running; if not, it writes to standard
// error what blocks it, and finally kills the process. It uses nothing of the thread it watches.

import { write } from "node:fs";
import { workerData } from "node:worker_threads";
import { writeStallRecord } from "./stall-record.ts";
import { slotsOf } from "./watchdog-slots.ts";

export interface WatchdogData {
  memory: SharedArrayBuffer;
  killAfterMs: number;
  warnAfterMs: number;
  format: "json" | "pretty";
  /** Path of the record for the next start. */
  record: string;
}

const CHECK_EVERY_MS = 250;
/**
 * Limits how much time one check can add: time counts only while this thread runs as well, not while the machine sleeps
 * or the process is stopped.
 */
const MAX_CHECK_MS = 1_000;
/** An unread standard error must not keep the process alive. */
const LAST_WRITE_MS = 500;
const MAX_NAMED = 5;

const { memory, killAfterMs, warnAfterMs, format, record } = workerData as WatchdogData;
const slots = slotsOf(memory);
let lastBeats = slots.beats();
let lastCheck = performance.now();
let blockedMs = 0;
let hasWarned = false;
let isEnding = false;

// Not `every`: a worker thread has no log, and its timer is the only thing that keeps it alive.
setInterval(check, CHECK_EVERY_MS);

function check(): void {
  if (isEnding) return;
  const now = performance.now();
  const beats = slots.beats();
  blockedMs =
    beats === lastBeats && slots.isArmed() ? blockedMs + Math.min(now - lastCheck, MAX_CHECK_MS) : 0;
  lastCheck = now;
  if (beats !== lastBeats) {
    lastBeats = beats;
    hasWarned = false;
    return;
  }
  if (blockedMs >= killAfterMs) {
    isEnding = true;
    const end = () => process.kill(process.pid, "SIGKILL");
    setTimeout(end, LAST_WRITE_MS);
    const subjects = slots.underWay().flatMap(({ subject }) => (subject === "" ? [] : [subject]));
    writeStallRecord(record, { at: new Date().toISOString(), seconds: seconds(), subjects });
    say(`${description()} Heddle kills itself now (SIGKILL), for its supervisor to restart it.`, end);
  } else if (blockedMs >= warnAfterMs && !hasWarned) {
    hasWarned = true;
    say(description(), () => undefined);
  }
}

const seconds = (): number => Math.round(blockedMs / 1000);

function description(): string {
  const [latest, ...others] = slots.underWay().map(({ label }) => label);
  const at = latest === undefined ? "No known activity was running." : `The latest activity is ${latest}.`;
  const besides = others.length > 0 ? ` Also running: ${others.slice(0, MAX_NAMED).join("; ")}.` : "";
  return `The event loop has been blocked for ${seconds()} seconds; no request is being answered. ${at}${besides}`;
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
