import { useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "../../../api/client.ts";
import { useLiveQueries } from "../../../api/live.ts";
import { ApiError } from "../../../parts/api-error.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { useNow } from "../../../parts/time.tsx";
import { durationText, plural } from "../../../parts/units.tsx";
import classes from "./health.module.css";
import { DAYS, daysUntil, sumOf, toneOf } from "./health.ts";

type Day = Schema<"ProcessDay">;

const NAMED = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
/** A bad day changes nothing within a minute: rows are written once a minute. */
const READ_MS = 60_000;

/** Ninety small bars, a day each, and the last incident in words. */
export function Health({ id }: { id: string }) {
  const queryKey = ["integrations", "process-days", id];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async () =>
      (await take(api.GET("/api/v1/admin/integrations/{id}/process/days", { params: { path: { id } } })))
        .days,
    refetchInterval: READ_MS,
  });
  useLiveQueries(["process"], queryKey);
  const now = useNow();
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  const byDay = new Map(data.map((day) => [day.day, day]));
  const bars = daysUntil(now).map((day) => ({ day, known: byDay.get(day) }));
  return (
    <Section title={`The last ${DAYS} days`}>
      <Panel>
        <div className={classes.strip} role="img" aria-label={`${summaryOf(data)} ${lastIncidentOf(data)}`}>
          {bars.map(({ day, known }) => (
            <span
              key={day}
              className={classes.bar}
              data-tone={toneOf(known)}
              title={`${NAMED.format(new Date(day))}: ${dayText(known)}`}
            />
          ))}
        </div>
        <div className={classes.ends} aria-hidden="true">
          <span>{DAYS} days ago</span>
          <span>Today, in UTC</span>
        </div>
        <p className={classes.words}>
          {summaryOf(data)} <span className="faint">{lastIncidentOf(data)}</span>
        </p>
      </Panel>
    </Section>
  );
}

function summaryOf(days: readonly Day[]): string {
  const { up, down, crashes } = sumOf(days);
  if (up + down === 0) return "Nothing is known yet: each day is recorded from now on.";
  const share = Math.floor((1_000 * up) / (up + down)) / 10;
  return `It ran ${share} % of the time that it should have, with ${plural(crashes, "crash", "crashes")}.`;
}

function lastIncidentOf(days: readonly Day[]): string {
  const bad = days.find(({ crashes }) => crashes > 0);
  if (!bad) return days.length === 0 ? "" : "No crash is known.";
  const crashes = bad.crashes === 1 ? "it crashed" : `it crashed ${plural(bad.crashes, "time")}`;
  return `Last incident: on ${NAMED.format(new Date(bad.day))} ${crashes}. ${bad.last_error ?? ""}`;
}

function dayText(day: Day | undefined): string {
  if (!day) return "nothing is known";
  const { up_seconds, down_seconds, crashes } = day;
  return [
    `up for ${durationText(up_seconds * 1_000)}`,
    down_seconds > 0 && `down for ${durationText(down_seconds * 1_000)}`,
    crashes > 0 && plural(crashes, "crash", "crashes"),
  ]
    .filter(Boolean)
    .join(", ");
}
