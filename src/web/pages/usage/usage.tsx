// Usage: what the models have read, written and cost, by day, and grouped as the reader chooses.

import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { SUMS_MS, useLiveQueries } from "../../api/live.ts";
import { pageAt, usePages } from "../../pages.tsx";
import { ApiError } from "../../parts/api-error.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { searchOf } from "../../parts/search-of.ts";
import { useNow } from "../../parts/time.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import classes from "./usage.module.css";
import { DayCharts } from "./usage-charts.tsx";
import { dayStart, GROUPS, type Usage, usageOf } from "./usage-data.ts";
import { UsageTable } from "./usage-table.tsx";
import { Totals } from "./usage-totals.tsx";

const NARROWING = ["bot_id", "provider", "model", "integration"] as const;
const LAYOUT = ["span", "by"] as const;
const SPANS = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
];

export function View() {
  const filters = useFilters(NARROWING);
  const layout = useFilters(LAYOUT);
  const now = useNow();
  const span = SPANS.find(({ value }) => value === layout.values.span)?.value ?? "30";
  const group = GROUPS.find((one) => one === layout.values.by) ?? "bot";
  const since = dayStart(now, Number(span) - 1);
  const days = useQuery(usageOf("day", since, filters.values));
  const known = useQuery(usageOf("all", dayStart(now, 89)));
  useLiveQueries(["task.completed", "task.failed"], ["usage"], { everyMs: SUMS_MS });
  const isEmpty = days.data?.length === 0;
  return (
    <PageFrame
      title="Usage"
      about="What the models have read, written and cost."
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Time span"
          data={SPANS}
          value={span}
          onChange={(value) => layout.set("span", value === "30" ? null : value)}
        />
      }
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "bot_id", label: "Bot", options: optionsOf(known.data, "bot_id", filters.values.bot_id) },
            {
              name: "provider",
              label: "Provider",
              options: optionsOf(known.data, "provider", filters.values.provider),
            },
            { name: "model", label: "Model", options: optionsOf(known.data, "model", filters.values.model) },
            {
              name: "integration",
              label: "Integration",
              options: optionsOf(known.data, "integration_id", filters.values.integration),
            },
          ]}
        />
      }
    >
      {days.error && <ApiError error={days.error} onRetry={() => void days.refetch()} />}
      {isEmpty && (
        <NoUsage
          isFiltered={filters.count > 0}
          onClear={filters.clear}
          onWiden={span === "90" ? undefined : () => layout.set("span", "90")}
        />
      )}
      {days.data && !isEmpty && (
        <div className={classes.page}>
          <Totals since={since} narrowing={filters.values} now={now} />
          <DayCharts rows={days.data} since={since} now={now} narrowing={filters.values} />
          <UsageTable
            group={group}
            since={since}
            narrowing={filters.values}
            search={searchOf({ ...layout.values, ...filters.values })}
            onGroup={(next) => layout.set("by", next === "bot" ? null : next)}
          />
        </div>
      )}
    </PageFrame>
  );
}

/** Values that occur, in alphabetical order, and the one of the address, which may be of another time. */
function optionsOf(
  rows: readonly Usage[] = [],
  name: "bot_id" | "provider" | "model" | "integration_id",
  chosen?: string,
) {
  const values = new Set([
    ...rows.flatMap((row) => row[name] ?? []),
    ...(chosen === undefined ? [] : [chosen]),
  ]);
  return [...values].toSorted().map((value) => ({ value, label: value }));
}

interface NoUsageProps {
  isFiltered: boolean;
  onClear(): void;
  onWiden: (() => void) | undefined;
}

function NoUsage({ isFiltered, onClear, onWiden }: NoUsageProps) {
  const hasProviders = pageAt(usePages(), "/admin/providers") !== undefined;
  if (isFiltered) {
    return <NoMatch what="call" onClear={onClear} />;
  }
  return (
    <Empty
      icon="Coins"
      title="No model has been called in this time"
      action={
        <>
          {onWiden && (
            <Button variant="default" size="xs" onClick={onWiden}>
              Show 90 days
            </Button>
          )}
          {hasProviders && (
            <Button component={Link} href="/admin/providers" variant="default" size="xs">
              See the providers
            </Button>
          )}
        </>
      }
    >
      Every call of a model is counted here as soon as a bot has run.
    </Empty>
  );
}
