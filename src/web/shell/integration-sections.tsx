import { useQuery } from "@tanstack/react-query";
import type { Schema } from "../api/client.ts";
import { useLiveQueries } from "../api/live.ts";
import { sidebarSections } from "../api/queries.ts";
import { useUi } from "../ui-store.ts";
import { NavLink } from "./nav-link.tsx";
import { readiness } from "./readiness.ts";
import classes from "./sidebar.module.css";
import { SidebarGroup } from "./sidebar-group.tsx";

/** The sections that integrations declare in their manifests, without those that are hidden. */
export function IntegrationSections({ isRail, path }: { isRail: boolean; path: string }) {
  const { data = [] } = useQuery(sidebarSections);
  const hidden = useUi((state) => state.hiddenSections);
  useLiveQueries(["integration"], ["integrations"]);
  return data
    .filter(({ id }) => !hidden.includes(id))
    .map((section) => <OneSection key={section.id} section={section} isRail={isRail} path={path} />);
}

interface OneSectionProps {
  section: Schema<"SidebarSection">;
  isRail: boolean;
  path: string;
}

function OneSection({ section, isRail, path }: OneSectionProps) {
  const { data: state } = useQuery(readiness(section));
  const dot = state !== undefined && (
    <span
      className={classes.dot}
      data-ready={state.isReady}
      role="img"
      aria-label={state.isReady ? "Ready" : "Not ready"}
      title={state.words}
    />
  );
  return (
    <SidebarGroup id={section.id} title={section.title} mark={dot} isRail={isRail}>
      {section.items.map(({ label, href, icon }) => (
        <NavLink
          key={href}
          isRail={isRail}
          href={href}
          icon={icon}
          label={label}
          isCurrent={path === href}
          mark={isRail ? dot : undefined}
        />
      ))}
    </SidebarGroup>
  );
}
