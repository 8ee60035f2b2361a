// The channels: every place where bots listen and answer. One of them has a page of its own below the list's address.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useRoute } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots, integrations } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { useRows } from "../../api/use-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { ChannelPage } from "./channel-page.tsx";
import { NewChannel } from "./new-channel.tsx";
import type { Channel } from "./queries.ts";

const FILTERS = ["q", "integration", "bot_id"] as const;
const COLUMNS = [
  { label: "Bot", width: "130px" },
  { label: "Integration", width: "120px" },
];

export function View() {
  const [, params] = useRoute("/channels/:id");
  return params?.id ? <ChannelPage key={params.id} id={params.id} /> : <Channels />;
}

function Channels() {
  const filters = useFilters(FILTERS);
  const [isCreating, setCreating] = useState(false);
  const mayCreate = useSession(({ me }) => covers(me?.scopes ?? [], "channels:write"));
  const { data: knownBots = [] } = useQuery(bots);
  const { data: known = [] } = useQuery(integrations);
  const rows = useRows<Channel>({
    key: ["channels", filters.values],
    live: ["task.created", "integration"],
    read: async (page) => {
      const query = { ...filters.values, ...page };
      const { channels, next_cursor } = await take(api.GET("/api/v1/channels", { params: { query } }));
      return { items: channels, next: next_cursor };
    },
  });
  const create = mayCreate && (
    <Button size="xs" leftSection={<Icon name="Plus" size={14} />} onClick={() => setCreating(true)}>
      New channel
    </Button>
  );
  const iconOf = ({ integration }: Channel) => known.find(({ id }) => id === integration)?.icon ?? "Hash";
  return (
    <PageFrame
      title="Channels"
      about="The places where bots listen and answer, and what applies there."
      fill
      actions={create}
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "q", label: "Name or place" },
            {
              name: "integration",
              label: "Integration",
              options: known.map(({ id, name }) => ({ value: id, label: name })),
            },
            {
              name: "bot_id",
              label: "Bot",
              options: knownBots.map(({ id, name }) => ({ value: id, label: name })),
            },
          ]}
        />
      }
    >
      <DataList
        what="channel"
        rows={rows}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => `/channels/${id}`}
        row={(one) => rowOf(one, iconOf(one))}
        columns={COLUMNS}
        empty={
          filters.count > 0 ? (
            <NoMatch what="channel" onClear={filters.clear} />
          ) : (
            <Empty icon="Hash" title="No channel yet" action={create}>
              A channel comes with the first message from a place, such as a repository or a chat room.
            </Empty>
          )
        }
      />
      {isCreating && <NewChannel onClose={() => setCreating(false)} />}
    </PageFrame>
  );
}

const rowOf = (one: Channel, icon: string): RowParts => ({
  lead: <Icon name={icon} size={17} />,
  title: one.display_name,
  sub: one.display_name === one.client_id ? undefined : one.client_id,
  cells: [one.bot_id ?? "Any", one.integration ?? "None"],
  end: <Time at={one.created_at} />,
});
