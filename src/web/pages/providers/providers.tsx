import { providers } from "../../api/queries.ts";
// Providers: the endpoints whose models answer, and one of them in detail.

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
import { ProviderDetail } from "./provider-detail.tsx";
import { NewProvider } from "./provider-form.tsx";
import { ADAPTERS, type Provider } from "./queries.ts";

const HOME = "/admin/providers";
const FILTERS = ["add"] as const;
const COLUMNS = [
  { label: "Protocol", width: "130px" },
  { label: "Default model", width: "minmax(0, 220px)" },
];

export function View() {
  const [, params] = useRoute("/admin/providers/:id");
  const [, navigate] = useLocation();
  const isAdding = useFilters(FILTERS).values.add !== undefined && !params;
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "admin"));
  const found = useQuery(providers);
  const add = mayChange && (
    <Button component={Link} href={`${HOME}?add=1`} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      Add a provider
    </Button>
  );
  return (
    <PageFrame
      title="Providers"
      about="Endpoints with models. Bots name a model as provider/model, or plainly if it belongs to the default provider."
      fill
      actions={add}
    >
      <Split
        name="providers"
        main={
          <DataList
            what="provider"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${HOME}/${id}`}
            row={rowOf}
            columns={COLUMNS}
            selected={params?.id}
            empty={
              <Empty icon="Sparkles" title="No model answers yet" action={add}>
                Until there is a provider, runs are answered by a stand-in that quotes your documents.
              </Empty>
            }
          />
        }
        detail={
          isAdding ? (
            <Detail isNew title="A new provider" closeHref={HOME}>
              <NewProvider
                taken={(found.data ?? []).map(({ id }) => id)}
                onDone={(id) => navigate(`${HOME}/${id}`)}
                onCancel={() => navigate(HOME)}
              />
            </Detail>
          ) : (
            params && <ProviderDetail key={params.id} id={params.id} mayChange={mayChange} closeHref={HOME} />
          )
        }
      />
    </PageFrame>
  );
}

const rowOf = (provider: Provider): RowParts => ({
  lead: <Icon name="Sparkles" size={15} />,
  title: provider.name,
  sub: `${provider.id} · ${provider.base_url ?? "the vendor's own address"}`,
  cells: [ADAPTERS[provider.adapter], provider.default_model ?? "None"],
  end: provider.is_default ? (
    <Badge tone="good">Default</Badge>
  ) : provider.source === "environment" ? (
    <Badge>Environment</Badge>
  ) : null,
});
