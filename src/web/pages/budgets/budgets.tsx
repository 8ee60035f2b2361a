// What runs may spend: each budget with what is used of it, its cap in a chart and a forecast.

import { Button } from "@mantine/core";
import { Link, useLocation, useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { SUMS_MS, useLiveQueries } from "../../api/live.ts";
import { covers, useSession } from "../../api/session.ts";
import { useRows } from "../../api/use-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { useScheduleNames } from "../../parts/schedule-names.ts";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { BudgetDetail } from "./budget-detail.tsx";
import { Meter } from "./meter.tsx";
import { NewBudget } from "./new-budget.tsx";
import type { Budget } from "./queries.ts";
import { shareText } from "./share-text.ts";
import { capText, METRICS, ownerText, PERIODS, SCOPES } from "./words.ts";

const HOME = "/budgets";
const FILTERS = ["scope", "metric", "period"] as const;
const optionsOf = (words: Record<string, string>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));
const CHOICES = [
  { name: "scope" as const, label: "Whose", options: optionsOf(SCOPES) },
  { name: "metric" as const, label: "Of what", options: optionsOf(METRICS) },
  { name: "period" as const, label: "In each", options: optionsOf(PERIODS) },
];
const COLUMNS = [{ label: "Used", width: "140px" }];

export function View() {
  const filters = useFilters(FILTERS);
  const { add } = useFilters(["add"] as const).values;
  const [, params] = useRoute("/budgets/:id");
  const [, navigate] = useLocation();
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "budgets:write"));
  const nameOf = useScheduleNames();
  useLiveQueries(["task.completed", "task.failed"], ["budgets", "one"], { everyMs: SUMS_MS });
  const rows = useRows<Budget>({
    key: ["budgets", "list", filters.values],
    live: ["task.completed", "task.failed"],
    read: async (page) => {
      const query = { ...filters.values, ...page } as object;
      const { budgets, next_cursor } = await take(api.GET("/api/v1/budgets", { params: { query } }));
      return { items: budgets, next: next_cursor };
    },
  });
  const home = `${HOME}${filters.search}`;
  const create = mayWrite && (
    <Button component={Link} href={`${HOME}?add=1`} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      New budget
    </Button>
  );
  const detail = params?.id ? (
    <BudgetDetail
      key={params.id}
      id={params.id}
      mayWrite={mayWrite}
      closeHref={home}
      nameOf={nameOf}
      onChanged={rows.retry}
    />
  ) : (
    add !== undefined && (
      <Detail isNew title="A new budget" closeHref={home}>
        <NewBudget
          onDone={(id) => {
            rows.retry();
            navigate(`${HOME}/${id}`);
          }}
          onCancel={() => navigate(home)}
        />
      </Detail>
    )
  );
  return (
    <PageFrame
      title="Budgets"
      about="What runs may spend. A run that would go beyond a budget stops with a reason."
      fill
      actions={create}
      bar={<FilterBar filters={filters} choices={CHOICES} />}
    >
      <Split
        name="budgets"
        main={
          <DataList
            what="budget"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${HOME}/${id}${filters.search}`}
            row={(budget) => rowOf(budget, nameOf)}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              filters.count > 0 ? (
                <NoMatch what="budget" onClear={filters.clear} />
              ) : (
                <Empty icon="Gauge" title="Nothing limits what runs spend" action={create}>
                  Begin with a cap for the whole server in a month; bots, integrations and schedules can have
                  their own.
                </Empty>
              )
            }
          />
        }
        detail={detail}
      />
    </PageFrame>
  );
}

const rowOf = (budget: Budget, nameOf: (id: string) => string | undefined): RowParts => ({
  lead: <Icon name="Gauge" size={15} />,
  title: ownerText(budget, nameOf),
  sub: budget.scope === "server" ? capText(budget) : `${SCOPES[budget.scope]} · ${capText(budget)}`,
  cells: [budget.current ? <Meter key="meter" current={budget.current} /> : ""],
  end: <BudgetState budget={budget} />,
});

function BudgetState({ budget: { enabled, current } }: { budget: Budget }) {
  if (!enabled) return <Badge>Off</Badge>;
  if (!current) return <Badge>By run</Badge>;
  if (current.share >= 1) return <Badge tone="bad">Used up</Badge>;
  return <span className="number">{shareText(current.share)}</span>;
}
