// The inbox: every webhook with its verdict, and one of them in detail.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { integrations } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { useRows } from "../../api/use-rows.ts";
import { BulkAction } from "../../parts/bulk-action.tsx";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Status, statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Bytes, Duration } from "../../parts/units.tsx";
import { type Filters, useFilters } from "../../parts/use-filters.ts";
import { WebhookDetail } from "./webhook-detail.tsx";

type Webhook = Schema<"InboxSummary">;

const FILTERS = ["verdict", "integration", "idempotency_key"] as const;
const VERDICTS = (["accepted", "duplicate", "ignored", "rejected", "failed"] as const).map((value) => ({
  value,
  label: statusWords(value),
}));
const COLUMNS = [
  { label: "Size", width: "80px" },
  { label: "Handled in", width: "90px" },
];

type Filter = (typeof FILTERS)[number];
/** The URL's text is checked by the API, which names what is wrong with it. */
const queryOf = (filters: Filters<Filter>) => filters.values as { verdict?: Webhook["verdict"] };

export function View() {
  const filters = useFilters(FILTERS);
  const [, params] = useRoute("/inbox/:id");
  const { data: known = [] } = useQuery(integrations);
  const rows = useRows<Webhook>({
    key: ["inbox", filters.values],
    live: ["inbox"],
    read: async (page) => {
      const query = { ...queryOf(filters), ...page };
      const { events, next_cursor } = await take(api.GET("/api/v1/inbox", { params: { query } }));
      return { items: events, next: next_cursor };
    },
  });
  return (
    <PageFrame
      title="Inbox"
      about="What other services have sent, and what became of it."
      fill
      actions={
        <BulkAction
          scope="inbox:write"
          label="Replay matching"
          icon="RotateCcw"
          what="webhook"
          done="handled again"
          act={(step) =>
            take(api.POST("/api/v1/inbox/replay", { body: { filter: queryOf(filters), ...step } }))
          }
          onDone={() => void queryClient.invalidateQueries({ queryKey: ["inbox"] })}
        >
          Webhooks that match the filters above are handled as if they arrived now. What they cause may happen
          twice.
        </BulkAction>
      }
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "verdict", label: "Verdict", options: VERDICTS },
            {
              name: "integration",
              label: "Integration",
              options: known.map(({ id, name }) => ({ value: id, label: name })),
            },
            { name: "idempotency_key", label: "Delivery key" },
          ]}
        />
      }
    >
      <Split
        name="inbox"
        main={
          <DataList
            what="webhook"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `/inbox/${id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={filters.count > 0 ? <NoMatch what="webhook" onClear={filters.clear} /> : <NoWebhooks />}
          />
        }
        detail={
          params && <WebhookDetail key={params.id} id={params.id} closeHref={`/inbox${filters.search}`} />
        }
      />
    </PageFrame>
  );
}

const rowOf = (event: Webhook): RowParts => ({
  lead: <Status value={event.verdict} compact />,
  title: `${event.integration_id}${event.path}`,
  sub: [event.event_name, event.reason ?? (event.replay_of ? "Replayed" : statusWords(event.verdict))]
    .filter(Boolean)
    .join(" · "),
  cells: [<Bytes key="size" value={event.body_bytes} />, <Duration key="took" ms={event.duration_ms} />],
  end: <Time at={event.created_at} />,
});

function NoWebhooks() {
  return (
    <Empty
      icon="Inbox"
      title="Nothing has arrived yet"
      action={
        <Button component={Link} href="/admin/integrations" size="xs">
          Set up an integration
        </Button>
      }
    >
      As soon as a service calls the webhook URL of an integration, the call appears here by itself.
    </Empty>
  );
}
