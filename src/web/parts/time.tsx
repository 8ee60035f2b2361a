import { useSyncExternalStore } from "react";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const UNITS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** One timer for all times on the screen. */
const TICK_MS = 15_000;
const tickers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(onTick: () => void): () => void {
  tickers.add(onTick);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const ticker of tickers) ticker();
  }, TICK_MS);
  return () => {
    tickers.delete(onTick);
    if (tickers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The current time, which changes every quarter of a minute. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

export const absoluteTime = (at: string | Date): string => `${ABSOLUTE.format(new Date(at))}, ${ZONE}`;

/** A day without a time of day, "2026-01-31", as the reader's language writes it. */
export const dayText = (day: string): string => DAY.format(new Date(day));

function relativeTime(at: string | Date, from: number): string {
  const seconds = (new Date(at).getTime() - from) / 1_000;
  if (Math.abs(seconds) < 45) return seconds > 5 ? "in a moment" : "just now";
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length * 0.95) return RELATIVE.format(Math.round(seconds / length), unit);
  }
  return RELATIVE.format(Math.round(seconds / 60), "minute");
}

interface TimeProps {
  at: string | null | undefined;
  /** relative: "5 min. ago"; absolute: date, time and zone; clock: time of day to the second. */
  as?: "relative" | "absolute" | "clock";
  /** Shown when there is no time. */
  none?: string;
}

/** A point in time. The other way of telling it, with the zone, is shown on hover. */
export function Time({ at, as = "relative", none = "Never" }: TimeProps) {
  const current = useNow();
  if (!at) return <span className="faint">{none}</span>;
  const told = {
    relative: () => relativeTime(at, current),
    absolute: () => absoluteTime(at),
    clock: () => CLOCK.format(new Date(at)),
  };
  return (
    <time className="number" dateTime={at} title={as === "absolute" ? told.relative() : absoluteTime(at)}>
      {told[as]()}
    </time>
  );
}
