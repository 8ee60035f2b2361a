// The templates: texts that tell bots how the work in a channel is organised, and what each of them fits.

import { useQuery } from "@tanstack/react-query";
import { useRoute } from "wouter";
import type { Schema } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { integrations, templates } from "../../api/queries.ts";
import { staticRows } from "../../api/static-rows.ts";
import { CONTENT_CHOICES, filtered } from "../../parts/content-filters.ts";
import { DataList, type RowParts } from "../../parts/data-list.tsx";
import { Empty } from "../../parts/empty.tsx";
import { originWords } from "../../parts/file-origin.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { NewContentFile } from "../../parts/new-content-file.tsx";
import { NoMatch } from "../../parts/no-match.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { madeFor } from "./fit.tsx";
import { TemplateDetail } from "./template-detail.tsx";

const FILTERS = ["q", "source", "integration"] as const;
const COLUMNS = [
  { label: "From", width: "120px" },
  { label: "Fits", width: "160px" },
];

export function View() {
  const filters = useFilters(FILTERS);
  // Ids have slashes.
  const [, params] = useRoute("/templates/*");
  const id = params?.["*"];
  // Files change without an event, so the list is read again whenever one comes back to it.
  const found = useQuery({ ...templates, staleTime: 0 });
  const { data: known = [] } = useQuery(integrations);
  useLiveQueries(["integration"], templates.queryKey);
  const { integration } = filters.values;
  const all = filtered(found, filters.values);
  const shown =
    integration === undefined || all.data === undefined
      ? all
      : { ...all, data: all.data.filter((one) => fitsOrNames(one, integration)) };
  return (
    <PageFrame
      title="Templates"
      about="A channel has at most one: a text that tells every run there how the work is organised."
      fill
      actions={<NewContentFile kind="templates" />}
      bar={
        <FilterBar
          filters={filters}
          choices={[
            ...CONTENT_CHOICES,
            {
              name: "integration",
              label: "Made for",
              options: known.map((one) => ({ value: one.id, label: one.name })),
            },
          ]}
        />
      }
    >
      <Split
        name="templates"
        main={
          <DataList
            what="template"
            rows={staticRows(shown as typeof all)}
            keyOf={(one) => one.id}
            hrefOf={(one) => `/templates/${one.id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={id}
            empty={
              filters.count > 0 ? (
                <NoMatch what="template" onClear={filters.clear} />
              ) : (
                <Empty icon="ClipboardList" title="No template yet">
                  Make one here, or put a Markdown file into the folder <code>templates</code> of the home
                  folder; it appears here within a moment.
                </Empty>
              )
            }
          />
        }
        detail={id && <TemplateDetail key={id} id={id} closeHref={`/templates${filters.search}`} />}
      />
    </PageFrame>
  );
}

const fitsOrNames = (one: Schema<"Template">, integration: string): boolean =>
  one.compatible_with.includes(integration) || madeFor(one).includes(integration);

const rowOf = (one: Schema<"Template">): RowParts => ({
  lead: <Icon name="ClipboardList" size={16} />,
  title: one.name,
  sub: one.description === "" ? one.id : `${one.id} · ${one.description}`,
  cells: [originWords(one), one.compatible_with.length === 0 ? "Any" : one.compatible_with.join(", ")],
});
