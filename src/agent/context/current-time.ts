import type { Source } from "./source.ts";

/** Date and time in the operator's time zone. */
export const currentTime: Source = ({ now, clock }) => [timeLine(now, clock)];

/** `now` is in milliseconds since 1970. */
export const timeLine = (now: number, clock: Clock): string => `Current time: ${clock(now)}.`;

/** Milliseconds since 1970 → date, time and zone, to the second. */
export type Clock = (now: number) => string;

const MOST_KEPT = 10_000;

/**
 * Called once, because setting up a time zone takes half a millisecond. What it has said is kept, because every message of a
 * conversation is shown with its time again at each turn.
 */
export function createClock(timezone: string): Clock {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    dateStyle: "full",
    timeStyle: "long",
  });
  const { timeZone } = format.resolvedOptions();
  const said = new Map<number, string>();
  return (now) => {
    const second = Math.floor(now / 1000);
    const known = said.get(second);
    if (known !== undefined) return known;
    if (said.size >= MOST_KEPT) said.clear();
    const text = `${format.format(now)} (${timeZone})`;
    said.set(second, text);
    return text;
  };
}
