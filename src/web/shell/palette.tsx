import { useMantineColorScheme } from "@mantine/core";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { sidebarSections } from "../api/queries.ts";
import { queryClient } from "../api/query-client.ts";
import { usePages } from "../pages.tsx";
import { Icon } from "../parts/icon.tsx";
import { useUi } from "../ui-store.ts";
import { leave } from "./account-menu.tsx";
import { useFoundObjects } from "./found-objects.ts";

/** Ctrl-K: go anywhere, do anything. */
export function Palette() {
  const [, navigate] = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const { recent, toggleRail } = useUi();
  const pages = usePages();
  const { data: sections = [] } = useQuery(sidebarSections);
  const [typed, setTyped] = useState("");
  const objects = useFoundObjects(typed);
  const go = (href: string, label: string, icon: string, description?: string): SpotlightActionData => ({
    id: `go ${href}`,
    label,
    ...(description !== undefined && { description }),
    leftSection: <Icon name={icon} size={18} />,
    onClick: () => navigate(href),
  });
  const act = (label: string, icon: string, onClick: () => void): SpotlightActionData => ({
    id: `do ${label}`,
    label,
    leftSection: <Icon name={icon} size={18} />,
    onClick,
  });
  const groups: SpotlightActionGroupData[] = [
    {
      group: "Recent",
      actions: recent
        .slice(0, 3)
        .map(({ href, label }) => ({ ...go(href, label, "History"), id: `recent ${href}` })),
    },
    {
      group: "Pages",
      actions: pages.map(({ path, label, icon, section }) => go(path, label, icon, section)),
    },
    {
      group: "Pages of integrations",
      actions: sections.flatMap(({ title, items }) =>
        items.map(({ href, label, icon }) => go(href, label, icon, title)),
      ),
    },
    ...objects.map(({ group, found }) => ({
      group,
      actions: found.map(({ href, label, icon, description }) => go(href, label, icon, description)),
    })),
    {
      group: "Actions",
      actions: [
        ...(pages.some(({ path }) => path === "/chat")
          ? [go("/chat/new", "Begin a new chat", "MessageSquare")]
          : []),
        act("Reload everything on the page", "RefreshCw", () => void queryClient.invalidateQueries()),
        act("Show or hide names in the sidebar", "ChevronsLeft", toggleRail),
        act("Use light colours", "Sun", () => setColorScheme("light")),
        act("Use dark colours", "Moon", () => setColorScheme("dark")),
        act("Use the system's colours", "Monitor", () => setColorScheme("auto")),
        act("Open the API documentation", "BookOpen", () => void open("/swagger", "_blank", "noopener")),
        act("Sign out", "LogOut", leave),
      ],
    },
  ];
  return (
    <Spotlight
      actions={groups.filter(({ actions }) => actions.length > 0)}
      shortcut="mod + K"
      // From a field as well.
      tagsToIgnore={[]}
      query={typed}
      onQueryChange={setTyped}
      nothingFound="Nothing here has that name."
      highlightQuery
      scrollable
      maxHeight={420}
      attributes={{ content: { "aria-label": "Command palette" } }}
      searchProps={{
        placeholder: "Go to a page, a bot, a channel, an id …, or do something",
        "aria-label": "Search pages, objects and actions",
        leftSection: <Icon name="Search" size={18} />,
      }}
    />
  );
}
