// What is handed to services: answers and posts, with those that were given up.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
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
import { plural } from "../../parts/units.tsx";
import { refreshDeliveries } from "../../parts/use-delivery.ts";
import { useFilters } from "../../parts/use-filters.ts";
import { DeliveryDetail } from "./delivery-detail.tsx";
import { targetWords } from "./target-words.ts";

type Delivery = Schema<"Delivery">;

const FILTERS = ["status", "dispatch_type", "bot_id"] as const;
const STATUSES = (["pending", "retrying", "delivered", "dead"] as const).map((value) => ({
  value,
  label: statusWords(value),
}));
const COLUMNS = [
  { label: "Bot", width: "120px" },
  { label: "Attempts", width: "90px" },
];

export function View() {
  const filters = useFilters(FILTERS);
  const [, params] = useRoute("/deliveries/:id");
  const { data: known = [] } = useQuery(bots);
  const { status: _all, ...others } = filters.values;
  const rows = useRows<Delivery>({
    key: ["deliveries", filters.values],
    live: ["delivery"],
    read: async (page) => {
      const query = { ...filters.values, ...page } as {
        status?: Delivery["status"];
      };
      const { deliveries, next_cursor } = await take(api.GET("/api/v1/deliveries", { params: { query } }));
      return { items: deliveries, next: next_cursor };
    },
  });
  return (
    <PageFrame
      title="Deliveries"
      about="What was handed to services and what they answered. A dead letter was given up: after ten attempts, or at once where another could not help."
      fill
      actions={
        <BulkAction
          scope="deliveries:write"
          label="Redeliver dead letters"
          icon="RotateCcw"
          what="dead letter"
          done="tried again"
          act={(step) =>
            take(api.POST("/api/v1/deliveries/redeliver", { body: { filter: others, ...step } }))
          }
          onDone={() => void refreshDeliveries()}
        >
          Those that match the filters above are queued once more. Each is delivered in the order of its
          target.
        </BulkAction>
      }
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "status", label: "Status", options: STATUSES },
            { name: "dispatch_type", label: "Type of target" },
            {
              name: "bot_id",
              label: "Bot",
              options: known.map(({ id, name }) => ({ value: id, label: name })),
            },
          ]}
        />
      }
    >
      <Split
        name="deliveries"
        main={
          <DataList
            what="delivery"
            rows={rows}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `/deliveries/${id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={filters.count > 0 ? <NoMatch what="delivery" onClear={filters.clear} /> : <NoDeliveries />}
          />
        }
        detail={
          params && (
            <DeliveryDetail key={params.id} id={params.id} closeHref={`/deliveries${filters.search}`} />
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (delivery: Delivery): RowParts => ({
  lead: <Status value={delivery.status} compact />,
  title: delivery.text || delivery.kind,
  sub: [targetWords(delivery), delivery.last_error].filter(Boolean).join(" · "),
  cells: [delivery.bot_id, plural(delivery.attempts, "attempt")],
  end: <Time at={delivery.created_at} />,
});

function NoDeliveries() {
  return (
    <Empty
      icon="Send"
      title="Nothing has been delivered yet"
      action={
        <Button component={Link} href="/admin/integrations" size="xs">
          See the integrations
        </Button>
      }
    >
      When a bot has answered a message that came from a service, its answer is handed to that service.
    </Empty>
  );
}
