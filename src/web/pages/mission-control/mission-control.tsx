// Mission Control: what waits for a person, tasks on a board, plans, the timeline and the journal.

import { lazy, Suspense } from "react";
import { Link, useLocation } from "wouter";
import { useLiveQueries } from "../../api/live.ts";
import { loadModule } from "../../api/load-module.ts";
import { covers, useSession } from "../../api/session.ts";
import { Loading } from "../../parts/awaited.tsx";
import { Icon } from "../../parts/icon.tsx";
import type { IconName } from "../../parts/icon-names.ts";
import { PageFrame } from "../../parts/page-frame.tsx";
import { useSelectedInView } from "../../parts/use-selected-in-view.ts";
import { Channels } from "./channels.tsx";
import { Events, Journal } from "./events.tsx";
import { HOME, LIVE } from "./mission.ts";
import classes from "./mission-control.module.css";
import { OverviewTab } from "./overview-tab.tsx";
import { Plans } from "./plans.tsx";
import { MemoryTab } from "./remembered.tsx";

/** The library for moving cards is only needed here. */
const Board = lazy(async () => ({
  default: (await loadModule(() => import("./board.tsx"))).Board,
}));

const TABS: { path: string; label: string; icon: IconName; scope?: string }[] = [
  { path: "", label: "Overview", icon: "LayoutDashboard" },
  { path: "/board", label: "Board", icon: "Columns" },
  { path: "/plans", label: "Plans", icon: "ListChecks" },
  { path: "/channels", label: "Channels", icon: "MessageCircle" },
  { path: "/memory", label: "Memory", icon: "Brain", scope: "memories:read" },
  { path: "/timeline", label: "Timeline", icon: "History" },
  { path: "/journal", label: "Journal", icon: "BookOpen" },
];

const NONE: readonly string[] = [];
/** They scroll inside themselves. */
const FILLED = ["/plans", "/board", "/channels"];

export function View() {
  const [location] = useLocation();
  const mayWrite = useSession(({ me }) => covers(me?.scopes ?? [], "mission_control:write"));
  const scopes = useSession(({ me }) => me?.scopes ?? NONE);
  const tabs = TABS.filter(({ scope }) => scope === undefined || covers(scopes, scope));
  useLiveQueries([...LIVE], ["mission"]);
  const rest = location.slice(HOME.length);
  const current = tabs.findLast(({ path }) => rest === path || rest.startsWith(`${path}/`)) ?? tabs[0];
  const strip = useSelectedInView<HTMLElement>(current?.path ?? "");
  return (
    <PageFrame
      title="Mission Control"
      about="What bots and people work on together. Plans run only after a person has approved them."
      fill={FILLED.includes(current?.path ?? "")}
      bar={
        <nav ref={strip} className={classes.tabs} aria-label="Parts of Mission Control">
          {tabs.map(({ path, label, icon }) => (
            <Link
              key={path}
              href={HOME + path}
              className={classes.tab}
              aria-current={path === current?.path ? "page" : undefined}
            >
              <Icon name={icon} size={14} />
              {label}
            </Link>
          ))}
        </nav>
      }
    >
      {current?.path === "" && <OverviewTab />}
      {current?.path === "/board" && (
        <Suspense fallback={<Loading />}>
          <Board mayWrite={mayWrite} />
        </Suspense>
      )}
      {current?.path === "/plans" && <Plans mayWrite={mayWrite} />}
      {current?.path === "/channels" && <Channels mayWrite={mayWrite} />}
      {current?.path === "/memory" && <MemoryTab />}
      {current?.path === "/timeline" && <Events />}
      {current?.path === "/journal" && <Journal mayWrite={mayWrite} />}
    </PageFrame>
  );
}
