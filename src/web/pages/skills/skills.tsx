// The skills: texts that bots read, in every run, by search or when they need them.

import { useQuery } from "@tanstack/react-query";
import { useRoute } from "wouter";
import type { Schema } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { skills } from "../../api/queries.ts";
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
import { Badge } from "../../parts/status.tsx";
import { countText } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { SkillDetail } from "./skill-detail.tsx";

const COLUMNS = [
  { label: "From", width: "130px" },
  { label: "Characters", width: "90px" },
];

export function View() {
  const filters = useFilters(CONTENT_FILTERS);
  // Ids have slashes.
  const [, params] = useRoute("/skills/*");
  const id = params?.["*"];
  // Files change without an event, so the list is read again whenever one comes back to it.
  const found = useQuery({ ...skills, staleTime: 0 });
  useLiveQueries(["integration"], skills.queryKey);
  return (
    <PageFrame
      title="Skills"
      about="Instructions and facts for one kind of work. A bot gets their text in every run, by search, or reads it when it needs it."
      fill
      actions={<NewContentFile kind="skills" />}
      bar={<FilterBar filters={filters} choices={CONTENT_CHOICES} />}
    >
      <Split
        name="skills"
        main={
          <DataList
            what="skill"
            rows={staticRows(filtered(found, filters.values))}
            keyOf={(one) => one.id}
            hrefOf={(one) => `/skills/${one.id}${filters.search}`}
            row={rowOf}
            columns={COLUMNS}
            selected={id}
            empty={
              filters.count > 0 ? (
                <NoMatch what="skill" onClear={filters.clear} />
              ) : (
                <Empty icon="BookOpen" title="No skill yet">
                  Make one here, or put a Markdown file into the folder <code>skills</code> of the home
                  folder; it appears here within a moment.
                </Empty>
              )
            }
          />
        }
        detail={id && <SkillDetail key={id} id={id} closeHref={`/skills${filters.search}`} />}
      />
    </PageFrame>
  );
}

const rowOf = (skill: Schema<"Skill">): RowParts => ({
  lead: <Icon name="BookOpen" size={16} />,
  title: skill.name,
  sub: skill.description === "" ? skill.id : `${skill.id} · ${skill.description}`,
  cells: [
    originWords(skill),
    <span key="characters" className="number">
      {countText(skill.characters)}
    </span>,
  ],
  end:
    skill.indexed_at === null ? <Badge tone="warn">Not indexed</Badge> : <Badge tone="good">Indexed</Badge>,
});
