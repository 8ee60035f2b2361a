import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLiveQueries } from "../../api/live.ts";
import { integrations } from "../../api/queries.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import classes from "./gallery.module.css";
import { GalleryCard } from "./gallery-card.tsx";
import type { Integration } from "./queries.ts";

const FILTERS = ["q", "status"] as const;

interface Group {
  id: string;
  label: string;
  statuses: readonly Integration["status"][];
}

/** What needs a person comes first. */
const GROUPS: readonly Group[] = [
  { id: "failed", label: "Does not load", statuses: ["quarantined"] },
  { id: "approval", label: "Waits for your approval", statuses: ["pending_approval"] },
  { id: "settings", label: "Needs settings", statuses: ["partial", "not_configured"] },
  { id: "loading", label: "Loading", statuses: ["loading"] },
  { id: "ready", label: "Ready", statuses: ["ready"] },
  { id: "disabled", label: "Disabled", statuses: ["disabled"] },
];

const CONNECTIONS_MS = 5_000;

export function Gallery() {
  const filters = useFilters(FILTERS);
  const { data, error, refetch } = useQuery({
    ...integrations,
    // Changes of connections cause no events.
    refetchInterval: ({ state }) =>
      state.data?.some(({ connection }) => connection) ? CONNECTIONS_MS : false,
  });
  useLiveQueries(["integration", "process", "inbox"], ["integrations", "list"]);
  const [isAdding, setAdding] = useState(false);
  const wanted = filters.values.q?.toLowerCase() ?? "";
  const found = (data ?? []).filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted));
  const groups = GROUPS.filter(({ id }) => (filters.values.status ?? id) === id)
    .map((group) => ({ ...group, items: found.filter(({ status }) => group.statuses.includes(status)) }))
    .filter(({ items }) => items.length > 0);
  return (
    <PageFrame
      title="Integrations"
      about="Services that send webhooks, give tools to bots and receive their answers."
      actions={
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Plus" size={14} />}
          onClick={() => setAdding(true)}
        >
          Add an integration
        </Button>
      }
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "q", label: "Search by name" },
            {
              name: "status",
              label: "Status",
              options: GROUPS.map(({ id, label }) => ({ value: id, label })),
            },
          ]}
        />
      }
    >
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && (
        <Empty icon="Plug" title="No integration yet">
          <HowToAdd />
        </Empty>
      )}
      {data && data.length > 0 && groups.length === 0 && (
        <Empty
          icon="Filter"
          title="No integration matches these filters"
          action={
            <Button variant="default" size="xs" onClick={filters.clear}>
              Show all {plural(data.length, "integration")}
            </Button>
          }
        />
      )}
      {groups.map(({ id, label, items }) => (
        <section key={id} className={classes.group} aria-labelledby={`group-${id}`}>
          <h2 id={`group-${id}`} className={classes.label}>
            {label} <span className="number">{items.length}</span>
          </h2>
          <ul className={classes.cards}>
            {items.map((item) => (
              <li key={item.id}>
                <GalleryCard integration={item} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {isAdding && (
        <Dialog onClose={() => setAdding(false)} title="Add an integration">
          <HowToAdd />
        </Dialog>
      )}
    </PageFrame>
  );
}

function HowToAdd() {
  return (
    <div className={classes.how}>
      <p>
        An integration is a folder. Put it into <code>workspace/integrations</code> of Heddle's home folder,
        or into a folder that <code>INTEGRATION_DIRS</code> names. It appears here by itself, without a
        restart.
      </p>
      <p>A new one, with tests and types, is written by:</p>
      <CodeBlock text="heddle new acme --with router,tools,setup" what="command" wrap />
    </div>
  );
}
