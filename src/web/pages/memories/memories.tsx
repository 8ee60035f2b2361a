// What bots remember, with what waits for a person to accept or reject it.

import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { type Rows, useRows } from "../../api/use-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge, Status, statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { type Filters, useFilters } from "../../parts/use-filters.ts";
import classes from "./memories.module.css";
import { MemoryDetail } from "./memory-detail.tsx";
import { type Memory, MOST_WAITING, waiting } from "./queries.ts";

const FILTERS = ["status", "applies", "bot_id"] as const;
type Filter = (typeof FILTERS)[number];
const STATUSES = (["unreviewed", "accepted", "rejected"] as const).map((value) => ({
  value,
  label: statusWords(value),
}));
const APPLIES = [
  { value: "true", label: "Believed now" },
  { value: "false", label: "Not believed" },
];
const COLUMNS = [
  { label: "Bot", width: "110px" },
  { label: "Holds", width: "110px" },
];

/** The URL's text is checked by the API, which names what is wrong with it. */
const queryOf = ({ values: { applies, ...values } }: Filters<Filter>) =>
  ({ ...values, ...(applies !== undefined && { applies }) }) as { status?: Memory["status"] };

export function View() {
  const filters = useFilters(FILTERS);
  const [, params] = useRoute("/memories/:id");
  const [, navigate] = useLocation();
  const { data: known = [] } = useQuery(bots);
  const rows = useRows<Memory>({
    key: ["memories", "list", filters.values],
    live: ["task.completed", "task.failed"],
    read: async (page) => {
      const query = { ...queryOf(filters), ...page };
      const { memories, next_cursor } = await take(api.GET("/api/v1/memories", { params: { query } }));
      return { items: memories, next: next_cursor };
    },
  });
  const href = (id: string) => `/memories/${id}${filters.search}`;
  /** The next that waits, so that one review leads to another. */
  const onReviewed = (id: string) => {
    const next = nextWaiting(rows, id);
    rows.retry();
    if (next) navigate(href(next));
  };
  return (
    <PageFrame
      title="Memory"
      about="What bots remember across conversations. What may come from strangers counts once a person has accepted it."
      fill
      bar={
        <>
          {filters.values.status !== "unreviewed" && <Waiting />}
          <FilterBar
            filters={filters}
            choices={[
              { name: "status", label: "Review", options: STATUSES },
              { name: "applies", label: "Believed", options: APPLIES },
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
        name="memories"
        main={
          <DataList
            what="memory"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => href(id)}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={<NoMemories filters={filters} />}
          />
        }
        detail={
          params?.id && (
            <MemoryDetail
              key={params.id}
              id={params.id}
              closeHref={`/memories${filters.search}`}
              onReviewed={onReviewed}
              onDeleted={rows.retry}
            />
          )
        }
      />
    </PageFrame>
  );
}

function nextWaiting({ items }: Rows<Memory>, id: string): string | undefined {
  const at = items.findIndex((one) => one.id === id);
  const others = [...items.slice(at + 1), ...items.slice(0, Math.max(0, at))];
  return others.find(({ status }) => status === "unreviewed")?.id;
}

const rowOf = (memory: Memory): RowParts => ({
  lead: <Status value={memory.status} compact />,
  title: memory.text ?? "Wants to forget it",
  sub: [statusWords(memory.status), memory.version > 1 && `version ${memory.version}`]
    .filter(Boolean)
    .join(", "),
  cells: [memory.bot_id, memory.channel_id === null ? "Everywhere" : "In a channel"],
  end: memory.applies ? <Badge tone="good">Believed</Badge> : <Time at={memory.created_at} />,
});

function Waiting() {
  const { data = [] } = useQuery(waiting);
  if (data.length === 0) return null;
  const count = data.length === MOST_WAITING ? `${MOST_WAITING} or more memories` : memories(data.length);
  return (
    <p className={classes.waiting}>
      <Icon name="ShieldAlert" size={16} />
      <span>
        {count} may come from strangers and {data.length === 1 ? "waits" : "wait"} for a person.
      </span>{" "}
      <Link href="/memories?status=unreviewed">Review</Link>
    </p>
  );
}

const memories = (count: number) => plural(count, "memory");

function NoMemories({ filters }: { filters: Filters<Filter> }) {
  if (filters.values.status === "unreviewed" && filters.count === 1) {
    return (
      <Empty icon="CheckCircle2" title="Nothing waits for a review">
        What bots learn from conversations with strangers appears here, and counts once it is accepted.
      </Empty>
    );
  }
  if (filters.count > 0) return <NoMatch what="memory" onClear={filters.clear} />;
  return (
    <Empty icon="Brain" title="No bot remembers anything yet" action={<Link href="/bots">See the bots</Link>}>
      A bot that has the tool <code>remember</code> keeps what it learns.
    </Empty>
  );
}
