// `bun --preload`: the process lives through a night in a minute, by the clock that FAST_CLOCK describes. All processes with the same
// description show the same time, and a restart does not set it back. What is done every five seconds is done more often, so that it
// still comes every few minutes of that clock.

import { type FastClock, fastNow } from "./fast-clock.ts";

const clock: FastClock = JSON.parse(process.env.FAST_CLOCK ?? "");
const RealDate = Date;
const now = () => fastNow(clock, RealDate.now());

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget === Date ? target : newTarget),
  apply: (target) => new target(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});

const SCAN_MS = 5_000;
const setRealInterval = setInterval;
globalThis.setInterval = ((run: () => void, ms?: number, ...rest: unknown[]) =>
  setRealInterval(run, ms === SCAN_MS ? SCAN_MS / 20 : ms, ...rest)) as typeof setInterval;
