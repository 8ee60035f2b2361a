// Messages that channels get at certain times, and what became of each of them.

import { Button } from "@mantine/core";
import { Link, useLocation, useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { useRows } from "../../api/use-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { NewSchedule } from "./new-schedule.tsx";
import { clockOf } from "./next-times.tsx";
import type { Schedule } from "./queries.ts";
import { ScheduleDetail } from "./schedule-detail.tsx";
import { ScheduleState } from "./schedule-state.tsx";
import { timingWords } from "./timing-words.ts";

const HOME = "/schedules";
const FILTERS = ["status", "enabled"] as const;
const COLUMNS = [
  { label: "When", width: "150px" },
  { label: "Next, in its zone", width: "190px" },
];
const CHOICES = [
  { name: "status" as const, label: "Review", options: [{ value: "unreviewed", label: "Waits for review" }] },
  {
    name: "enabled" as const,
    label: "State",
    options: [
      { value: "true", label: "Not paused" },
      { value: "false", label: "Paused" },
    ],
  },
];

export function View() {
  const filters = useFilters(FILTERS);
  const { add } = useFilters(["add"] as const).values;
  const [, params] = useRoute("/schedules/:id");
  const [, navigate] = useLocation();
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "schedules:write"));
  const rows = useRows<Schedule>({
    key: ["schedules", "list", filters.values],
    live: ["task"],
    read: async (page) => {
      const query = { ...filters.values, ...page } as object;
      const { schedules, next_cursor } = await take(api.GET("/api/v1/schedules", { params: { query } }));
      return { items: schedules, next: next_cursor };
    },
  });
  const home = `${HOME}${filters.search}`;
  const create = mayWrite && (
    <Button component={Link} href={`${HOME}?add=1`} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      New schedule
    </Button>
  );
  return (
    <PageFrame
      title="Schedules"
      about="Messages that channels get at certain times. Each time runs once, and what was missed is recorded."
      fill
      actions={create}
      bar={<FilterBar filters={filters} choices={CHOICES} />}
    >
      <Split
        name="schedules"
        main={
          <DataList
            what="schedule"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${HOME}/${id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              filters.count > 0 ? (
                <NoMatch what="schedule" onClear={filters.clear} />
              ) : (
                <Empty icon="Clock" title="There is no schedule" action={create}>
                  A bot can report each morning, or remind somebody once.
                </Empty>
              )
            }
          />
        }
        detail={
          params?.id ? (
            <ScheduleDetail
              key={params.id}
              id={params.id}
              mayWrite={mayWrite}
              closeHref={home}
              onChanged={rows.retry}
            />
          ) : (
            add !== undefined && (
              <Detail isNew title="A new schedule" closeHref={home}>
                <NewSchedule
                  onDone={(id) => {
                    rows.retry();
                    navigate(`${HOME}/${id}`);
                  }}
                  onCancel={() => navigate(home)}
                />
              </Detail>
            )
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (schedule: Schedule): RowParts => ({
  lead: <Icon name="Clock" size={15} />,
  title: schedule.name,
  sub: schedule.content,
  cells: [
    timingWords(schedule.timing),
    schedule.next_at === null ? "" : clockOf(schedule.next_at, schedule.timezone),
  ],
  end: <ScheduleState schedule={schedule} />,
});
