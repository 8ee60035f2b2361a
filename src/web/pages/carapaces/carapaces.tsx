// The carapaces: bundles of tools, skills and prompt text that bots and channels can have.

import { useQuery } from "@tanstack/react-query";
import { useRoute } from "wouter";
import type { Schema } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { carapaces } from "../../api/queries.ts";
import { staticRows } from "../../api/static-rows.ts";
import { CONTENT_CHOICES, CONTENT_FILTERS, filtered } from "../../parts/content-filters.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { originWords } from "../../parts/file-origin.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NewContentFile } from "../../parts/new-content-file.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { CarapaceDetail } from "./carapace-detail.tsx";

const COLUMNS = [
  { label: "From", width: "130px" },
  { label: "Tools", width: "80px" },
  { label: "Skills", width: "80px" },
];

export function View() {
  const filters = useFilters(CONTENT_FILTERS);
  // Ids have slashes.
  const [, params] = useRoute("/carapaces/*");
  const id = params?.["*"];
  // Files change without an event, so the list is read again whenever one comes back to it.
  const found = useQuery({ ...carapaces, staleTime: 0 });
  useLiveQueries(["integration"], carapaces.queryKey);
  return (
    <PageFrame
      title="Carapaces"
      about="Tools, skills and prompt text, bundled: a bot or a channel gets all of it under one name."
      fill
      actions={<NewContentFile kind="carapaces" />}
      bar={<FilterBar filters={filters} choices={CONTENT_CHOICES} />}
    >
      <Split
        name="carapaces"
        main={
          <DataList
            what="carapace"
            rows={staticRows(filtered(found, filters.values))}
            keyOf={(one) => one.id}
            hrefOf={(one) => `/carapaces/${one.id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={id}
            empty={
              filters.count > 0 ? (
                <NoMatch what="carapace" onClear={filters.clear} />
              ) : (
                <Empty icon="Layers" title="No carapace yet">
                  Make one here, or put a YAML file into the folder <code>carapaces</code> of the home folder;
                  it appears here within a moment.
                </Empty>
              )
            }
          />
        }
        detail={id && <CarapaceDetail key={id} id={id} closeHref={`/carapaces${filters.search}`} />}
      />
    </PageFrame>
  );
}

const rowOf = (one: Schema<"Carapace">): RowParts => ({
  lead: <Icon name="Layers" size={16} />,
  title: one.name,
  sub: one.description === "" ? one.id : `${one.id} · ${one.description}`,
  cells: [
    originWords(one),
    plural(one.local_tools.length + one.mcp_tools.length + one.pinned_tools.length, "tool"),
    plural(one.skills.length, "skill"),
  ],
});
