// MCP servers: those whose tools bots can get, and one of them in detail.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useRoute } from "wouter";
import { useLiveQueries } from "../../api/live.ts";
import { covers, useSession } from "../../api/session.ts";
import { staticRows } from "../../api/static-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { type McpServer, mcpServers, placeOf, stateOf } from "./queries.ts";
import { ServerDetail } from "./server-detail.tsx";
import { NewServer } from "./server-form.tsx";
import { OF_RETURN, Returned } from "./sign-in.tsx";

const HOME = "/admin/mcp-servers";
const FILTERS = ["add", ...OF_RETURN] as const;
const COLUMNS = [{ label: "Tools", width: "90px" }];

export function View() {
  const [, params] = useRoute("/admin/mcp-servers/:id");
  const [, navigate] = useLocation();
  const { add: adding, ...returned } = useFilters(FILTERS).values;
  const isAdding = adding !== undefined && !params;
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "admin"));
  const found = useQuery(mcpServers);
  useLiveQueries(["mcp"], ["mcp-servers"]);
  const add = mayChange && (
    <Button component={Link} href={`${HOME}?add=1`} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      Add a server
    </Button>
  );
  return (
    <PageFrame
      title="MCP servers"
      about="Servers of the Model Context Protocol. A bot gets their tools by naming them: mcp:server/tool, or mcp:server for all."
      fill
      actions={add}
    >
      <Split
        name="mcp-servers"
        main={
          <DataList
            what="server"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${HOME}/${id}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              <Empty icon="Wrench" title="No MCP server yet" action={add}>
                Add one by its address or its command, and its tools are there for bots that name them.
              </Empty>
            }
          />
        }
        detail={
          returned.state !== undefined && !params ? (
            <Returned given={returned} closeHref={HOME} />
          ) : isAdding ? (
            <Detail isNew title="A new MCP server" closeHref={HOME}>
              <NewServer onDone={(id) => navigate(`${HOME}/${id}`)} onCancel={() => navigate(HOME)} />
            </Detail>
          ) : (
            params && <ServerDetail key={params.id} id={params.id} mayChange={mayChange} closeHref={HOME} />
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (server: McpServer): RowParts => {
  const [label, tone] = stateOf(server);
  return {
    lead: <Icon name={server.transport === "http" ? "Globe" : "Terminal"} size={15} />,
    title: server.name,
    sub: `${server.id} · ${placeOf(server)}`,
    cells: [plural(server.tool_count, "tool")],
    end: <Badge tone={tone}>{label}</Badge>,
  };
};
