import { type QueryKey, useQuery } from "@tanstack/react-query";
import { api, take } from "../../../api/client.ts";
import { useLiveQueries } from "../../../api/live.ts";
import { Awaited } from "../../../parts/awaited.tsx";
import { durationText } from "../../../parts/duration-text.ts";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { useNow } from "../../../parts/time.tsx";
import { plural } from "../../../parts/units.tsx";
import classes from "./health.module.css";
import { DAYS, type Day, daysUntil, sumOf, toneOf } from "./health.ts";

const NAMED = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
/** Reading more often would show nothing new, because rows are written once a minute. */
const READ_MS = 60_000;

/** What is said of the days. */
interface Words {
  /** "It ran", "It was live". */
  was: string;
  /** Of how many incidents. */
  incidents(count: number): string;
  /** "it crashed twice" */
  happened(count: number): string;
}

const OF_PROCESS: Words = {
  was: "It ran",
  incidents: (count) => plural(count, "crash", "crashes"),
  happened: (count) => (count === 1 ? "it crashed" : `it crashed ${plural(count, "time")}`),
};
const OF_INTEGRATION: Words = {
  was: "It was live",
  incidents: (count) => plural(count, "failed load"),
  happened: (count) => (count === 1 ? "it did not load" : `it did not load ${plural(count, "time")}`),
};

/** Ninety days of a background process. */
export function ProcessHealth({ id }: { id: string }) {
  const read = async () => {
    const path = { id };
    const { days } = await take(
      api.GET("/api/v1/admin/integrations/{id}/process/days", { params: { path } }),
    );
    return days.map(({ crashes, ...day }) => ({ ...day, incidents: crashes }));
  };
  return (
    <Health words={OF_PROCESS} queryKey={["integrations", "process-days", id]} live="process" read={read} />
  );
}

/** Ninety days of an integration, whether it has a process or not. */
export function IntegrationHealth({ id }: { id: string }) {
  const read = async () => {
    const path = { id };
    const { days } = await take(api.GET("/api/v1/admin/integrations/{id}/days", { params: { path } }));
    return days.map(({ problems, ...day }) => ({ ...day, incidents: problems }));
  };
  return (
    <Health words={OF_INTEGRATION} queryKey={["integrations", "days", id]} live="integration" read={read} />
  );
}

interface HealthProps {
  words: Words;
  queryKey: QueryKey;
  live: string;
  read(): Promise<Day[]>;
}

/** Ninety small bars, a day each, and the last incident in words. */
function Health({ words, queryKey, live, read }: HealthProps) {
  const { data, error, refetch } = useQuery({ queryKey, queryFn: read, refetchInterval: READ_MS });
  useLiveQueries([live], queryKey);
  const now = useNow();
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const byDay = new Map(data.map((day) => [day.day, day]));
  const bars = daysUntil(now).map((day) => ({ day, known: byDay.get(day) }));
  const [summary, incident] = [summaryOf(data, words), lastIncidentOf(data, words)];
  return (
    <Section title={`The last ${DAYS} days`}>
      <Panel>
        <div className={classes.strip} role="img" aria-label={`${summary} ${incident}`}>
          {bars.map(({ day, known }) => (
            <span
              key={day}
              className={classes.bar}
              data-tone={toneOf(known)}
              title={`${NAMED.format(new Date(day))}: ${dayText(known, words)}`}
            />
          ))}
        </div>
        <div className={classes.ends} aria-hidden="true">
          <span>{DAYS} days ago</span>
          <span>Today, in UTC</span>
        </div>
        <p className={classes.words}>
          {summary} <span className="faint">{incident}</span>
        </p>
      </Panel>
    </Section>
  );
}

function summaryOf(days: readonly Day[], words: Words): string {
  const { up, down, incidents } = sumOf(days);
  if (up + down === 0) return "Nothing is known yet: each day is recorded from now on.";
  const share = Math.floor((1_000 * up) / (up + down)) / 10;
  return `${words.was} ${share} % of the time that it should have, with ${words.incidents(incidents)}.`;
}

function lastIncidentOf(days: readonly Day[], words: Words): string {
  const bad = days.find(({ incidents }) => incidents > 0);
  if (!bad) return days.length === 0 ? "" : "No incident is known.";
  return `Last incident: on ${NAMED.format(new Date(bad.day))} ${words.happened(bad.incidents)}. ${bad.last_error ?? ""}`;
}

function dayText(day: Day | undefined, words: Words): string {
  if (!day) return "nothing is known";
  const { up_seconds, down_seconds, incidents } = day;
  return [
    `up for ${durationText(up_seconds * 1_000)}`,
    down_seconds > 0 && `down for ${durationText(down_seconds * 1_000)}`,
    incidents > 0 && words.incidents(incidents),
  ]
    .filter(Boolean)
    .join(", ");
}
