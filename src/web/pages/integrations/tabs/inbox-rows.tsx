import { Button } from "@mantine/core";
import { Link } from "wouter";
import { api, take } from "../../../api/client.ts";
import { useRows } from "../../../api/use-rows.ts";
import { DataList } from "../../../parts/data-list.tsx";
import { Empty } from "../../../parts/empty.tsx";
import { Status, statusWords } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { Bytes, Duration } from "../../../parts/units.tsx";
import { type IntegrationDetail, setUpOf, type Webhook } from "../queries.ts";
import classes from "./tabs.module.css";

const COLUMNS = [
  { label: "Size", width: "80px" },
  { label: "Handled in", width: "90px" },
];

/** Webhooks of this integration, newest first. */
export function InboxRows({ integration: { id } }: { integration: IntegrationDetail }) {
  const rows = useRows<Webhook>({
    key: ["inbox", "of", id],
    live: ["inbox"],
    read: async (page) => {
      const query = { integration_id: id, ...page };
      const { events, next_cursor } = await take(api.GET("/api/v1/inbox", { params: { query } }));
      return { items: events, next: next_cursor };
    },
  });
  return (
    <div className={classes.list}>
      <DataList
        what="webhook"
        rows={rows}
        keyOf={({ id }) => id}
        hrefOf={(event) => `/inbox/${event.id}?integration=${encodeURIComponent(id)}`}
        row={(event) => ({
          lead: <Status value={event.verdict} compact />,
          title: `${event.method} ${event.path}`,
          sub: [event.event_name, event.reason ?? statusWords(event.verdict)].filter(Boolean).join(" · "),
          cells: [
            <Bytes key="size" value={event.body_bytes} />,
            <Duration key="took" ms={event.duration_ms} />,
          ],
          end: <Time at={event.created_at} />,
        })}
        columns={COLUMNS}
        empty={
          <Empty
            icon="Inbox"
            title="Nothing has arrived yet"
            action={
              <Button component={Link} href={`${setUpOf(id)}?step=event`} size="xs">
                Send a test event
              </Button>
            }
          />
        }
      />
    </div>
  );
}
