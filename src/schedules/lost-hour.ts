// What croner leaves out: times of a day whose last hour the clock skips, as in Nuuk, where 23:00 is followed by midnight. Of other
// skipped times it makes the moment of the change.

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** No clock is changed less often than once a year. */
const MOST_DAYS = 366;

/**
 * The first moment between the two at which the clock skips the end of a day, if a time is lost with it. The offset is the one
 * before.
 */
export function lostHour(
  timezone: string,
  { after, until }: { after: Date; until: Date | undefined },
  isLost: (gap: { from: Date; to: Date; offsetMinutes: number }) => boolean,
): Date | undefined {
  const offset = offsetsOf(timezone);
  const end = Math.min(until?.getTime() ?? Number.POSITIVE_INFINITY, after.getTime() + MOST_DAYS * DAY_MS);
  for (let at = after.getTime(); at < end; at += DAY_MS) {
    const before = offset(at);
    const skipped = offset(Math.min(at + DAY_MS, end)) - before;
    if (skipped <= 0) continue;
    const change = changeIn(offset, at, Math.min(at + DAY_MS, end));
    if (dayOf(change + before) === dayOf(change + before + skipped)) continue;
    const gap = { from: new Date(change), to: new Date(change + skipped), offsetMinutes: before / MINUTE_MS };
    if (isLost(gap)) return gap.from;
  }
  return undefined;
}

const dayOf = (local: number): number => Math.floor(local / DAY_MS);

/** The first moment with the later offset, to the minute. */
function changeIn(offset: (at: number) => number, from: number, to: number): number {
  const before = offset(from);
  let [low, high] = [Math.floor(from / MINUTE_MS), Math.ceil(to / MINUTE_MS)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle * MINUTE_MS) === before) low = middle;
    else high = middle;
  }
  return high * MINUTE_MS;
}

/** How far the zone's clock is ahead of UTC at a moment, in milliseconds. */
function offsetsOf(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  return (at) => {
    const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours = "0", minutes = "0"] = /^GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
  };
}
