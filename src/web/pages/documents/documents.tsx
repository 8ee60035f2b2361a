// The documents: listed, searched as bots search them, added and deleted.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { integrations } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { type Rows, useRows } from "../../api/use-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { countText } from "../../parts/units.tsx";
import { type Filters, useFilters } from "../../parts/use-filters.ts";
import { DocumentDetail } from "./document-detail.tsx";
import { Embeddings } from "./embeddings.tsx";
import { LANES, Score } from "./found.tsx";
import { Ingest } from "./ingest.tsx";
import type { Found } from "./queries.ts";
import { useHits } from "./use-hits.ts";

const FILTERS = ["q", "integration", "session_id"] as const;
type Filter = (typeof FILTERS)[number];

export function View() {
  const filters = useFilters(FILTERS);
  const isAdding = useFilters(ADDING).values.add !== undefined;
  const hits = useHits(filters.values);
  const [, params] = useRoute("/documents/:id");
  const scopes = useSession(({ me }) => me?.scopes) ?? [];
  const mayAdd = covers(scopes, "documents:write");
  const { data: known = [] } = useQuery(integrations);
  const closeHref = `/documents${filters.search}`;
  const add = mayAdd && (
    <Button component={Link} href="/documents?add=1" size="xs" leftSection={<Icon name="Plus" size={14} />}>
      Add documents
    </Button>
  );
  const list = { filters, selected: params?.id, add };
  const detail =
    params?.id !== undefined ? (
      <DocumentDetail
        key={params.id}
        id={params.id}
        hit={hits.items.find(({ id }) => id === params.id)}
        closeHref={closeHref}
      />
    ) : (
      isAdding &&
      mayAdd && (
        <Detail isNew title="Add documents" closeHref={closeHref}>
          <Ingest />
        </Detail>
      )
    );
  return (
    <PageFrame
      title="Documents"
      about="Texts that bots search. A search here finds the same as theirs."
      fill
      actions={add}
      bar={
        <>
          {covers(scopes, "admin") && <Embeddings />}
          <FilterBar
            filters={filters}
            choices={[
              { name: "q", label: "Search" },
              {
                name: "integration",
                label: "Integration",
                options: known.map(({ id, name }) => ({ value: id, label: name })),
              },
            ]}
          />
        </>
      }
    >
      <Split
        name="documents"
        main={filters.values.q === undefined ? <All {...list} /> : <Hits {...list} hits={hits} />}
        detail={detail}
      />
    </PageFrame>
  );
}

const ADDING = ["add"] as const;

interface ListProps {
  filters: Filters<Filter>;
  selected: string | undefined;
  add: React.ReactNode;
}

function All({ filters, selected, add }: ListProps) {
  const { q: _, ...wanted } = filters.values;
  const rows = useRows<Schema<"DocumentSummary">>({
    key: ["documents", "list", wanted],
    live: ["task.completed"],
    read: async (page) => {
      const query = { ...wanted, ...page };
      const { documents, next_cursor } = await take(api.GET("/api/v1/documents", { params: { query } }));
      return { items: documents, next: next_cursor };
    },
  });
  return (
    <DataList
      what="document"
      rows={rows}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => `/documents/${id}${filters.search}`}
      row={rowOf}
      columns={COLUMNS}
      selected={selected}
      empty={
        filters.count > 0 ? (
          <NoMatch what="document" onClear={filters.clear} />
        ) : (
          <Empty icon="FileText" title="No document yet" action={add}>
            Bots find passages of documents by words and by similarity. Paste a text, or choose files.
          </Empty>
        )
      }
    />
  );
}

const COLUMNS = [
  { label: "Integration", width: "120px" },
  { label: "Characters", width: "100px" },
];

const rowOf = (one: Schema<"DocumentSummary">): RowParts => ({
  lead: <Icon name="FileText" size={16} />,
  title: one.title ?? "Without a title",
  sub: one.session_id === null ? undefined : "Only for one conversation",
  cells: [
    one.integration_id ?? "None",
    <span key="characters" className="number">
      {countText(one.characters)}
    </span>,
  ],
  end: <Time at={one.created_at} />,
});

function Hits({ filters, selected, hits }: ListProps & { hits: Rows<Found> }) {
  return (
    <DataList
      what="hit"
      rows={hits}
      keyOf={({ id }) => id}
      hrefOf={({ id }) => `/documents/${id}${filters.search}`}
      row={hitOf}
      columns={HIT_COLUMNS}
      selected={selected}
      empty={<Empty icon="Search" title="Nothing was found" />}
    />
  );
}

const HIT_COLUMNS = [
  { label: "Found by", width: "150px" },
  { label: "Score", width: "80px" },
];

const hitOf = (hit: Found): RowParts => ({
  lead: <Icon name={hit.weak ? "CircleOff" : "Search"} size={16} />,
  title: hit.title ?? "Without a title",
  sub: hit.content,
  cells: [LANES[hit.lane], <Score key="score" value={hit.score} />],
  end: hit.weak ? <Badge tone="warn">Weak</Badge> : null,
});
