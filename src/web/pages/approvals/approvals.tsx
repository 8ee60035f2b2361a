// Calls of tools that wait for a person, and what was decided about earlier ones.

import { useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { useRows } from "../../api/use-rows.ts";
import type { Approval } from "../../parts/approvals.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { ServerQuestions } from "../../parts/server-questions.tsx";
import { Split } from "../../parts/split.tsx";
import { statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { type Filters, useFilters } from "../../parts/use-filters.ts";
import { ApprovalStatus } from "./approval-status.tsx";
import { ApprovalView } from "./approval-view.tsx";

const FILTERS = ["status", "bot_id"] as const;
type Filter = (typeof FILTERS)[number];
const STATUSES = (["pending", "approved", "denied", "expired", "cancelled"] as const).map((value) => ({
  value,
  label: value === "pending" ? "Waiting" : statusWords(value),
}));
const COLUMNS = [
  { label: "Bot", width: "120px" },
  { label: "Decided by", width: "120px" },
];

export function View() {
  const filters = useFilters(FILTERS);
  const [, params] = useRoute("/approvals/:id");
  const { data: known = [] } = useQuery(bots);
  const rows = useRows<Approval>({
    key: ["approvals", "list", filters.values],
    live: ["approval"],
    read: async (page) => {
      // The URL's text is checked by the API, which names what is wrong with it.
      const query = { ...filters.values, ...page } as object;
      const { approvals, next_cursor } = await take(api.GET("/api/v1/approvals", { params: { query } }));
      return { items: approvals, next: next_cursor };
    },
  });
  return (
    <PageFrame
      title="Approvals"
      about="Calls of tools that a policy leaves to a person. The run waits until somebody has decided."
      fill
      bar={
        <>
          <ServerQuestions />
          <FilterBar
            filters={filters}
            choices={[
              { name: "status", label: "Status", options: STATUSES },
              {
                name: "bot_id",
                label: "Bot",
                options: known.map(({ id, name }) => ({ value: id, label: name })),
              },
            ]}
          />
        </>
      }
    >
      <Split
        name="approvals"
        main={
          <DataList
            what="approval"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `/approvals/${id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={<NoApprovals filters={filters} />}
          />
        }
        detail={
          params?.id && (
            <ApprovalView
              key={params.id}
              id={params.id}
              closeHref={`/approvals${filters.search}`}
              onDecided={rows.retry}
            />
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = ({
  status,
  tool_name,
  arguments: args,
  bot_id,
  decided_by_name,
  created_at,
}: Approval): RowParts => ({
  lead: <ApprovalStatus value={status} compact />,
  title: tool_name,
  sub: Object.entries(args)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ")
    .slice(0, 200),
  cells: [bot_id, decided_by_name ?? (status === "pending" ? "Waiting" : "Nobody")],
  end: <Time at={created_at} />,
});

function NoApprovals({ filters }: { filters: Filters<Filter> }) {
  if (filters.values.status === "pending") {
    return (
      <Empty icon="CheckCircle2" title="Nothing waits for a person">
        Calls that a policy leaves to people appear here.
      </Empty>
    );
  }
  if (filters.count > 0) return <NoMatch what="approval" onClear={filters.clear} />;
  return (
    <Empty
      icon="ShieldCheck"
      title="No call has waited for a person yet"
      action={<Link href="/policies">See the policies</Link>}
    >
      A policy with the effect <code>require_approval</code> leaves calls to people. So does the built-in rule
      for runs that have read text of strangers.
    </Empty>
  );
}
