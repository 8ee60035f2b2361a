// The coding agents that can work for bots, and one of them in detail.

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
import { AgentDetail } from "./agent-detail.tsx";
import { NewAgent } from "./agent-form.tsx";
import { type CodingAgent, codingAgents, commandOf, STATES } from "./queries.ts";

const HOME = "/admin/coding-agents";
const FILTERS = ["add"] as const;
const COLUMNS = [{ label: "Works for", width: "90px" }];

export function View() {
  const [, params] = useRoute("/admin/coding-agents/:id");
  const [, navigate] = useLocation();
  const isAdding = useFilters(FILTERS).values.add !== undefined && !params;
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "admin"));
  const found = useQuery(codingAgents);
  useLiveQueries(["coding_agent"], ["coding-agents"]);
  const add = mayChange && (
    <Button component={Link} href={`${HOME}?add=1`} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      Add an agent
    </Button>
  );
  return (
    <PageFrame
      title="Coding agents"
      about="Programs that speak the Agent Client Protocol, such as Claude Code, Codex and Gemini CLI. With the tool code_with_agent, a bot has one work in a folder of the workspace."
      fill
      actions={add}
    >
      <Split
        name="coding-agents"
        main={
          <DataList
            what="coding agent"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${HOME}/${id}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              <Empty icon="Code2" title="No coding agent yet" action={add}>
                Add one by the command that starts it, and bots that name its tool can have it work. What it
                asks before it acts waits under Approvals.
              </Empty>
            }
          />
        }
        detail={
          isAdding ? (
            <Detail isNew title="A new coding agent" closeHref={HOME}>
              <NewAgent onDone={(id) => navigate(`${HOME}/${id}`)} onCancel={() => navigate(HOME)} />
            </Detail>
          ) : (
            params && <AgentDetail key={params.id} id={params.id} mayChange={mayChange} closeHref={HOME} />
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (agent: CodingAgent): RowParts => {
  const [label, tone] = STATES[agent.state];
  return {
    lead: <Icon name="Code2" size={15} />,
    title: agent.name,
    sub: `${agent.tool} · ${commandOf(agent)}`,
    cells: [plural(agent.running, "run")],
    end: <Badge tone={tone}>{label}</Badge>,
  };
};
