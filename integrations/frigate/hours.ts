// The time of day at which a bot is told.

import { settings } from "./config.ts";

/** Whether a bot wants to be told of what began then, in seconds since 1970. */
export function isTime(seconds: number): boolean {
  const [from, to] = settings.FRIGATE_HOURS.split("-");
  if (from === undefined || to === undefined) return true;
  const now = clockAt(seconds);
  // Over midnight, it is either late or early.
  return from <= to ? from <= now && now < to : from <= now || now < to;
}

/** As "22:05", at the place of the cameras. */
function clockAt(seconds: number): string {
  const zone = settings.FRIGATE_TIME_ZONE;
  return new Intl.DateTimeFormat("en-GB", {
    ...{ hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    ...(zone !== "" && { timeZone: zone }),
  }).format(new Date(seconds * 1000));
}
