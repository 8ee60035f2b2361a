// Results of `heddle eval`, run by run.

import { Link, useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { useRows } from "../../api/use-rows.ts";
import { CodeBlock } from "../../parts/code-block.tsx";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Cost, plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { EvalView } from "./eval-view.tsx";
import type { EvalRun } from "./queries.ts";

const FILTERS = ["name"] as const;
const COLUMNS = [
  { label: "Result", width: "130px" },
  { label: "Cost", width: "100px" },
];

export function View() {
  const [, params] = useRoute("/evals/:id");
  const filters = useFilters(FILTERS);
  const rows = useRows<EvalRun>({
    key: ["evals", "list", filters.values],
    live: ["eval"],
    read: async (page) => {
      const query = { ...filters.values, ...page } as object;
      const { evals, next_cursor } = await take(api.GET("/api/v1/evals", { params: { query } }));
      return { items: evals, next: next_cursor };
    },
  });
  const { name } = filters.values;
  return (
    <PageFrame
      title="Evals"
      about="Results of running bots against fixtures, each compared with the run before."
      fill
      {...(name !== undefined && {
        actions: (
          <span>
            Only <code>{name}</code> · <Link href="/evals">All of them</Link>
          </span>
        ),
      })}
    >
      <Split
        name="evals"
        main={
          <DataList
            what="eval"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `/evals/${id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              <Empty icon="ListChecks" title="No results yet">
                <p>
                  Make a fixture on the page of a <Link href="/tasks">run</Link> that went wrong, write into
                  it what you expect, and run it:
                </p>
                <CodeBlock text="heddle eval evals --real-model --store" what="command" wrap />
              </Empty>
            }
          />
        }
        detail={params?.id && <EvalView key={params.id} id={params.id} search={filters.search} />}
      />
    </PageFrame>
  );
}

const rowOf = ({ name, model, passed, failed, cost_usd, created_at }: EvalRun): RowParts => ({
  lead: <Icon name={failed === 0 ? "CheckCircle2" : "XCircle"} size={17} />,
  title: name,
  sub: `${passed} of ${plural(passed + failed, "fixture")} passed, ${model ?? "a script answered"}`,
  cells: [
    failed === 0 ? (
      <Badge key="result" tone="good">
        All passed
      </Badge>
    ) : (
      <Badge key="result" tone="bad">{`${failed} failed`}</Badge>
    ),
    cost_usd === null ? "Unknown" : <Cost key="cost" usd={cost_usd} />,
  ],
  end: <Time at={created_at} />,
});
