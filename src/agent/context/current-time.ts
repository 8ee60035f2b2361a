import type { Source } from "./source.ts";

/** Date and time in the operator's time zone. */
export const currentTime: Source = ({ now, clock }) => [timeLine(now, clock)];

/** `now` is in milliseconds since 1970. */
export const timeLine = (now: number, clock: Intl.DateTimeFormat): string =>
  `Current time: ${clock.format(now)} (${clock.resolvedOptions().timeZone}).`;

/** Called once, because setting up a time zone takes half a millisecond. */
export const createClock = (timezone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", { timeZone: timezone, dateStyle: "full", timeStyle: "long" });
