// The time of day at which a bot is told.

import { log } from "heddle/sdk";
import { settings } from "./config.ts";
import { wordsFor } from "./per-camera.ts";

/** Whether a bot wants to be told of what began then at the camera, in seconds since 1970. */
export function isTime(camera: string, seconds: number): boolean {
  const [hours = ""] = wordsFor(camera, settings.FRIGATE_HOURS);
  const [from, to] = hours.split("-");
  if (from === undefined || to === undefined) return true;
  const now = clockAt(seconds);
  // Over midnight, it is either late or early.
  return from <= to ? from <= now && now < to : from <= now || now < to;
}

/** As "22:05", at the place of the cameras. */
const clockAt = (seconds: number): string => clockOf(settings.FRIGATE_TIME_ZONE).format(seconds * 1000);

const clocks = new Map<string, Intl.DateTimeFormat>();

/** A zone that nobody knows must not keep a bot from being told of anything. */
function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const clock = made(zone);
  clocks.set(zone, clock);
  return clock;
}

function made(zone: string): Intl.DateTimeFormat {
  const asClock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  if (zone === "") return new Intl.DateTimeFormat("en-GB", asClock);
  try {
    return new Intl.DateTimeFormat("en-GB", { ...asClock, timeZone: zone });
  } catch {
    log.warning(
      "FRIGATE_TIME_ZONE must be the name of a time zone, such as Europe/Berlin; the server's is used",
      { got: zone },
    );
    return made("");
  }
}
