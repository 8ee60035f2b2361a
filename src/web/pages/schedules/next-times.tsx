import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../../parts/api-error.tsx";
import { Time } from "../../parts/time.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { preview, type Timing } from "./queries.ts";
import classes from "./schedules.module.css";

/** The next times of a timing, on the clock of its zone and on the reader's; or what is wrong with it. */
export function NextTimes({ timing, timezone }: { timing: Timing; timezone: string }) {
  const { data, error } = useQuery(preview(timing, timezone));
  // What is wrong with a field stands at the field.
  if (error) return wrongIn(error)("timing", "timezone") ? null : <ApiError error={error} />;
  if (!data) return null;
  return (
    <ol className={classes.times} aria-label="Next times">
      {data.next_times.map((at) => (
        <li key={at}>
          <span className="number">{inZone(at, data.timezone)}</span>
          <Time at={at} />
        </li>
      ))}
    </ol>
  );
}

const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "Mon, 30 Nov 2026, 06:00 (01:30 here)": the reader's own time if it differs, with its day only if that differs too. */
function inZone(at: string, timezone: string): string {
  const told = clockOf(at, timezone);
  const own = clockOf(at, OWN_ZONE);
  if (told === own) return told;
  const isSameDay = told.slice(0, -CLOCK_LENGTH) === own.slice(0, -CLOCK_LENGTH);
  return `${told} (${isSameDay ? own.slice(-CLOCK_LENGTH) : own} here)`;
}

/** "06:00" */
const CLOCK_LENGTH = 5;

export const clockOf = (at: string, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(at));
