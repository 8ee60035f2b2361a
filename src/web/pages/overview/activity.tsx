import { Button, Group } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { SUMS_MS, useLiveQueries } from "../../api/live.ts";
import { pageAt, usePages } from "../../pages.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { Chart, type Series } from "../../parts/chart.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { Stat, StatRow } from "../../parts/stat.tsx";
import { statusWords, type Tone } from "../../parts/status.tsx";
import { countText, plural } from "../../parts/units.tsx";
import { DRAWN, type Kind } from "./drawn.ts";
import classes from "./overview.module.css";

type Bucket = Schema<"Activity">["buckets"][number];

const DAYS: Record<string, number> = { day: 1, week: 7, month: 30 };

const activityOf = (span: string) =>
  queryOptions({
    queryKey: ["activity", span],
    queryFn: () => {
      const days = DAYS[span] ?? 1;
      const interval = days === 1 ? ("hour" as const) : ("day" as const);
      const since = new Date(Date.now() - days * 86_400_000).toISOString();
      return take(api.GET("/api/v1/activity", { params: { query: { interval, since } } }));
    },
  });

/** Runs, webhooks and deliveries over time, by what became of them. */
export function Activity({ span }: { span: string }) {
  const { data, error, refetch } = useQuery(activityOf(span));
  useLiveQueries(["task", "inbox", "delivery"], ["activity"], { everyMs: SUMS_MS });
  if (!data) {
    return (
      <Section title="What has happened">
        <Awaited error={error} onRetry={() => void refetch()} />
      </Section>
    );
  }
  const { buckets } = data;
  if (isEmpty(buckets)) return <NothingYet span={span} />;
  return (
    <Section title="What has happened">
      <div className={classes.cards}>
        {DRAWN.map(({ kind, title, one, statuses }) => {
          const series = statuses.flatMap(([status, tone]) => seriesOf(buckets, kind, status, tone) ?? []);
          const total = sum(buckets.flatMap((bucket) => Object.values(bucket[kind])));
          const bad = sum(buckets.map((bucket) => (bucket[kind].failed ?? 0) + (bucket[kind].dead ?? 0)));
          return (
            <Panel key={kind}>
              <StatRow>
                <Stat
                  label={title}
                  value={countText(total)}
                  note={bad === 0 ? "None failed" : `${plural(bad, one)} failed`}
                />
              </StatRow>
              {total > 0 && (
                <Chart
                  label={`${title} over time: ${countText(total)} in all, ${countText(bad)} failed`}
                  x={buckets.map(({ at }) => new Date(at).getTime())}
                  series={series}
                  kind="bar"
                  stacked
                  height={130}
                />
              )}
            </Panel>
          );
        })}
      </div>
    </Section>
  );
}

const isEmpty = (buckets: readonly Bucket[]): boolean =>
  buckets.every((bucket) => DRAWN.every(({ kind }) => sum(Object.values(bucket[kind])) === 0));

/** A new server leads to the first steps; one that is quiet says so. */
function NothingYet({ span }: { span: string }) {
  const hasSteps = pageAt(usePages(), "/welcome") !== undefined;
  const month = useQuery(activityOf("month"));
  if (!month.data) return null;
  const isNew = isEmpty(month.data.buckets);
  return (
    <Section title="What has happened">
      <Panel>
        {isNew ? (
          <Empty
            icon="Rocket"
            title="Nothing has happened here yet"
            action={
              hasSteps && (
                <Group gap="xs" justify="center">
                  <Button component={Link} href="/welcome" size="xs">
                    Take the first steps
                  </Button>
                  <Button component={Link} href="/chat/new" size="xs" variant="default">
                    Chat with a bot
                  </Button>
                </Group>
              )
            }
          >
            A model, an integration and a first event: then bots have something to do, and it is shown here.
          </Empty>
        ) : (
          <Empty icon="Moon" title={span === "day" ? "A quiet day" : "A quiet week"}>
            No runs, webhooks or deliveries in this period.
          </Empty>
        )}
      </Panel>
    </Section>
  );
}

/** Undefined for a status that never occurred, so that the legend names only what is there. */
function seriesOf(
  buckets: readonly Bucket[],
  kind: Kind,
  status: string,
  tone: Tone | "accent",
): Series | undefined {
  const data = buckets.map((bucket) => bucket[kind][status] ?? 0);
  return sum(data) === 0 ? undefined : { label: statusWords(status), data, tone };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
