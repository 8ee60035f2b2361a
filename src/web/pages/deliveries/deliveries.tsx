// What is handed to services: answers and posts, with those that were given up.

import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useRoute } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { bots } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { useRows } from "../../api/use-rows.ts";
import { ApiError, notifyDone, notifyError } from "../../parts/api-error.tsx";
import { BulkAction } from "../../parts/bulk-action.tsx";
import { CodeBlock, Json } from "../../parts/code-block.tsx";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame, Section } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Status, statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";

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

const refresh = () => void queryClient.invalidateQueries({ queryKey: ["deliveries"] });

export function View() {
  const filters = useFilters(FILTERS);
  const [, params] = useRoute("/deliveries/:id");
  const { data: known = [] } = useQuery(bots);
  const { status: _all, ...others } = filters.values;
  const rows = useRows<Delivery>({
    key: ["deliveries", filters.values],
    live: ["delivery"],
    read: async (cursor) => {
      const query = { ...filters.values, ...(cursor !== undefined && { cursor }) } as {
        status?: Delivery["status"];
      };
      const { deliveries, next_cursor } = await take(api.GET("/api/v1/deliveries", { params: { query } }));
      return { items: deliveries, next: next_cursor };
    },
  });
  return (
    <PageFrame
      title="Deliveries"
      about="What was handed to services and what they answered. A dead letter was given up after ten attempts."
      fill
      actions={
        <BulkAction
          label="Redeliver dead letters"
          icon="RotateCcw"
          what="dead letter"
          done="tried again"
          act={(step) =>
            take(api.POST("/api/v1/deliveries/redeliver", { body: { filter: others, ...step } }))
          }
          onDone={refresh}
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
            empty={<NoDeliveries isFiltered={filters.count > 0} />}
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
  sub: delivery.last_error ?? `To ${delivery.dispatch_type}`,
  cells: [delivery.bot_id, plural(delivery.attempts, "attempt")],
  end: <Time at={delivery.created_at} />,
});

function NoDeliveries({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty icon="Filter" title="No delivery matches these filters" />;
  return (
    <Empty icon="Send" title="Nothing has been delivered yet">
      When a bot has answered a message that came from a service, its answer is handed to that service.
    </Empty>
  );
}

function DeliveryDetail({ id, closeHref }: { id: string; closeHref: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["deliveries", id],
    queryFn: () => take(api.GET("/api/v1/deliveries/{id}", { params: { path: { id } } })),
  });
  useLiveQueries(["delivery"], ["deliveries", id]);
  if (!data) {
    return (
      <Detail title="Delivery" closeHref={closeHref}>
        {error && <ApiError error={error} onRetry={() => void refetch()} />}
      </Detail>
    );
  }
  return (
    <Detail
      title={`To ${data.dispatch_type}`}
      closeHref={closeHref}
      facts={
        <>
          <Status value={data.status} />
          <Time at={data.created_at} />
          <span>{plural(data.attempts, "attempt")}</span>
        </>
      }
      actions={data.status === "dead" && <Redeliver id={id} />}
    >
      {data.last_error !== null && (
        <Section title="Why the last attempt failed">
          <p>{data.last_error}</p>
        </Section>
      )}
      <Section title="Text">
        <CodeBlock text={data.text} what="text" wrap />
      </Section>
      <Section title="Where it belongs">
        <Facts
          facts={[
            data.task_id !== null && [
              "Run",
              <Link key="run" href={`/tasks/${data.task_id}`}>
                the run that wrote it
              </Link>,
            ],
            ["Delivered", <Time key="at" at={data.delivered_at} as="absolute" none="Not yet" />],
            data.next_attempt_at !== null && [
              "Next attempt",
              <Time key="next" at={data.next_attempt_at} as="absolute" />,
            ],
            ["Correlation id", <code key="c">{data.correlation_id}</code>],
          ]}
        />
      </Section>
      {data.receipt !== null && (
        <Section title="Receipt">
          <Json value={data.receipt} what="receipt" />
        </Section>
      )}
      <Section title="Target">
        <Json value={data.dispatch_config} what="target" />
      </Section>
    </Detail>
  );
}

function Redeliver({ id }: { id: string }) {
  const redeliver = useMutation({
    mutationFn: () => take(api.POST("/api/v1/deliveries/{id}/redeliver", { params: { path: { id } } })),
    onError: notifyError("It was not queued again"),
    onSuccess: () => {
      notifyDone("It is delivered once more.");
      refresh();
    },
  });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name="RotateCcw" size={14} />}
      loading={redeliver.isPending}
      onClick={() => redeliver.mutate()}
    >
      Redeliver
    </Button>
  );
}
