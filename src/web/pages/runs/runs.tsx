// The runs: what bots have done and are doing. One of them has a page of its own below the list's address.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { useRows } from "../../api/use-rows.ts";
import { BulkAction } from "../../parts/bulk-action.tsx";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Status, statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Duration } from "../../parts/units.tsx";
import { type Filters, useFilters } from "../../parts/use-filters.ts";
import { Run } from "./run.tsx";

type Task = Schema<"Task">;

const FILTERS = ["status", "bot_id", "source", "error_code", "session_id", "channel_id"] as const;
type Filter = (typeof FILTERS)[number];
const STATUSES = (
  ["pending", "running", "waiting", "complete", "failed", "cancelled", "merged"] as const
).map((value) => ({ value, label: statusWords(value) }));
const COLUMNS = [
  { label: "Bot", width: "120px" },
  { label: "Source", width: "100px" },
  { label: "Took", width: "80px" },
];

export function View() {
  const [, params] = useRoute("/tasks/:id/:span?");
  const filters = useFilters(FILTERS);
  return params?.id ? (
    <Run key={params.id} id={params.id} span={params.span} search={filters.search} />
  ) : (
    <Runs filters={filters} />
  );
}

/** The URL's text is checked by the API, which names what is wrong with it. */
const queryOf = (filters: Filters<Filter>) => filters.values as { status?: Task["status"] };

function Runs({ filters }: { filters: Filters<Filter> }) {
  const { data: known = [] } = useQuery(bots);
  const rows = useRows<Task>({
    key: ["tasks", filters.values],
    live: ["task"],
    read: async (page) => {
      const query = { ...queryOf(filters), ...page };
      const { tasks, next_cursor } = await take(api.GET("/api/v1/tasks", { params: { query } }));
      return { items: tasks, next: next_cursor };
    },
  });
  return (
    <PageFrame
      title="Runs"
      about="What bots have done with each message, and what they are doing now."
      fill
      actions={
        <BulkAction
          scope="tasks:write"
          label="Cancel matching"
          icon="Ban"
          what="run"
          done="cancelled"
          act={(step) =>
            take(api.POST("/api/v1/tasks/cancel", { body: { filter: queryOf(filters), ...step } }))
          }
          onDone={() => void queryClient.invalidateQueries({ queryKey: ["tasks"] })}
        >
          Runs that match the filters above and have not ended are cancelled. What their tools have done stays
          done.
        </BulkAction>
      }
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "status", label: "Status", options: STATUSES },
            {
              name: "bot_id",
              label: "Bot",
              options: known.map(({ id, name }) => ({ value: id, label: name })),
            },
            { name: "source", label: "Source" },
            { name: "error_code", label: "Error code" },
          ]}
        />
      }
    >
      <DataList
        what="run"
        rows={rows}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => `/tasks/${id}${filters.search}`}
        row={rowOf}
        columns={COLUMNS}
        empty={filters.count > 0 ? <NoMatch what="run" onClear={filters.clear} /> : <NoRuns />}
      />
    </PageFrame>
  );
}

const rowOf = (task: Task): RowParts => ({
  lead: <Status value={task.status} compact />,
  title: task.prompt,
  sub: task.error ?? task.result ?? statusWords(task.status),
  cells: [task.bot_id, task.source ?? "", tookOf(task)],
  end: <Time at={task.created_at} />,
});

function tookOf({ run_at, completed_at }: Task) {
  if (run_at === null || completed_at === null) return "";
  return <Duration key="took" ms={Date.parse(completed_at) - Date.parse(run_at)} />;
}

function NoRuns() {
  return (
    <Empty
      icon="Workflow"
      title="No bot has run yet"
      action={
        <Button component={Link} href="/chat/new" size="xs">
          Chat with a bot
        </Button>
      }
    >
      A run starts when a webhook or a message is meant for a bot. It appears here by itself.
    </Empty>
  );
}
