import { ActionIcon, Tooltip } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { Link, useLocation } from "wouter";
import { useConnection } from "../api/live.ts";
import { pageAt, SECTIONS, usePages } from "../pages.tsx";
import { Icon } from "../parts/icon.tsx";
import { LiveDot } from "../parts/live-dot.tsx";
import { useSelectedInView } from "../parts/use-selected-in-view.ts";
import { useUi } from "../ui-store.ts";
import { AccountMenu } from "./account-menu.tsx";
import { ApprovalsBadge } from "./approvals-badge.tsx";
import { IntegrationSections } from "./integration-sections.tsx";
import { Logo } from "./logo.tsx";
import { type NavItem, NavLink } from "./nav-link.tsx";
import { RepairsBadge } from "./repairs-badge.tsx";
import classes from "./sidebar.module.css";
import { SidebarGroup } from "./sidebar-group.tsx";
import { UnreadBadge } from "./unread-badge.tsx";

interface SidebarProps {
  isRail: boolean;
  onHelp(): void;
  onSections(): void;
}

/** The badge of each page's entry, by its address. */
const MARKS: Record<string, React.ReactNode> = {
  "/": <RepairsBadge />,
  "/chat": <UnreadBadge />,
  "/approvals": <ApprovalsBadge />,
};

export function Sidebar({ isRail, onHelp, onSections }: SidebarProps) {
  const [path] = useLocation();
  const pages = usePages();
  const current = pageAt(pages, path);
  const nav = useSelectedInView<HTMLElement>(path);
  const toggleRail = useUi((state) => state.toggleRail);
  const connection = useConnection((state) => state.state);
  return (
    <div className={classes.sidebar} data-rail={isRail || undefined}>
      <div className={classes.head}>
        <Link href="/" className={classes.brand} aria-label="Heddle, start page">
          <Logo size={22} />
          {!isRail && <span>Heddle</span>}
        </Link>
        {!isRail && <LiveDot state={connection} />}
      </div>
      <NavButton
        isRail={isRail}
        icon="Search"
        label="Search and act"
        hint="Ctrl K"
        onClick={spotlight.open}
      />
      <nav ref={nav} className={classes.nav} aria-label="Pages">
        {SECTIONS.map((section) => {
          const shown = pages.filter((page) => page.section === section);
          if (shown.length === 0) return null;
          return (
            <SidebarGroup key={section} id={section} title={section} isRail={isRail}>
              {shown.map((page) => (
                <NavLink
                  key={page.path}
                  isRail={isRail}
                  href={page.path}
                  icon={page.icon}
                  label={page.label}
                  isCurrent={page === current}
                  mark={MARKS[page.path]}
                />
              ))}
            </SidebarGroup>
          );
        })}
        <IntegrationSections isRail={isRail} path={path} />
      </nav>
      <div className={classes.foot}>
        <AccountMenu isRail={isRail} onSections={onSections} />
        <Tooltip label="Keyboard shortcuts (?)" position="top">
          <ActionIcon aria-label="Keyboard shortcuts" onClick={onHelp}>
            <Icon name="Keyboard" />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={isRail ? "Show names" : "Show icons only"} position="top">
          <ActionIcon
            className={classes.railToggle}
            aria-label={isRail ? "Show names in the sidebar" : "Show icons only in the sidebar"}
            onClick={toggleRail}
          >
            <Icon name={isRail ? "ChevronsRight" : "ChevronsLeft"} />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

interface NavButtonProps extends NavItem {
  hint: string;
  onClick(): void;
}

function NavButton({ isRail, icon, label, hint, onClick }: NavButtonProps) {
  return (
    <Tooltip label={`${label} (${hint})`} position="right" disabled={!isRail}>
      <button
        type="button"
        className={classes.search}
        onClick={onClick}
        aria-label={isRail ? label : undefined}
      >
        <Icon name={icon} size={15} />
        {!isRail && (
          <>
            <span className="cut">{label}</span>
            <kbd>{hint}</kbd>
          </>
        )}
      </button>
    </Tooltip>
  );
}
