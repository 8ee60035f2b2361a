// The policies about calls of tools, in the order in which they are asked.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useRoute } from "wouter";
import { covers, useSession } from "../../api/session.ts";
import { staticRows } from "../../api/static-rows.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Badge } from "../../parts/status.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { Effect } from "./effect.tsx";
import { NewPolicy } from "./policy-editor.tsx";
import { PolicyView } from "./policy-view.tsx";
import { aboutOf, type Policy, policies } from "./queries.ts";
import { TryCall } from "./try-call.tsx";

const FILTERS = ["add", "try"] as const;
const COLUMNS = [
  { label: "Effect", width: "150px" },
  { label: "Priority", width: "80px" },
];

export function View() {
  const [, params] = useRoute("/policies/:id");
  const [, navigate] = useLocation();
  const found = useQuery({ ...policies, staleTime: 0 });
  const { add, try: isTrying } = useFilters(FILTERS).values;
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "policies:write"));
  const actions = (
    <>
      <Button component={Link} href="/policies?try=1" size="xs" variant="default">
        Try a call
      </Button>
      {mayWrite && (
        <Button
          component={Link}
          href="/policies?add=1"
          size="xs"
          leftSection={<Icon name="Plus" size={14} />}
        >
          New policy
        </Button>
      )}
    </>
  );
  return (
    <PageFrame
      title="Policies"
      about="Rules about calls of tools. The first one that fits a call decides; calls that none fits are allowed, except where strangers wrote."
      fill
      actions={actions}
    >
      <Split
        name="policies"
        main={
          <DataList
            what="policy"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `/policies/${id}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              <Empty icon="Shield" title="There is no policy" action={actions}>
                Bots call all tools that they have. Runs that have read text of strangers ask before they
                write elsewhere, reach out or destroy something.
              </Empty>
            }
          />
        }
        detail={
          params?.id ? (
            <PolicyView key={params.id} id={params.id} mayWrite={mayWrite} />
          ) : add !== undefined && mayWrite ? (
            <Detail isNew title="A new policy" closeHref="/policies">
              <NewPolicy onDone={(id) => navigate(id === undefined ? "/policies" : `/policies/${id}`)} />
            </Detail>
          ) : (
            isTrying !== undefined && (
              <Detail title="What becomes of a call" closeHref="/policies">
                <TryCall />
              </Detail>
            )
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (policy: Policy): RowParts => ({
  lead: <Icon name="Shield" size={17} />,
  title: policy.name,
  sub: aboutOf(policy),
  cells: [<Effect key="effect" value={policy.effect} />, String(policy.priority)],
  end: policy.enabled ? null : <Badge>Off</Badge>,
});
