// Every page of the UI, a line each. A page that is not in this table is in no menu and has no address.

import { type ComponentType, lazy, useMemo } from "react";
import { loadModule } from "./api/load-module.ts";
import { covers, useSession } from "./api/session.ts";
import type { IconName } from "./parts/icon-names.ts";

/** The groups of the sidebar, in this order. */
export const SECTIONS = ["Watch", "Work", "Knowledge", "Set up", "System"] as const;

export interface Page {
  /** What the page is called in the sidebar, the palette and the shortcuts. */
  label: string;
  /** The address, the same as the API's where there is one. The page answers everything below it as well. */
  path: string;
  icon: IconName;
  section: (typeof SECTIONS)[number];
  /** Pressed after "g", it opens the page. */
  shortcut: string;
  /** The scope without which the page has nothing to show; it is hidden then. */
  scope: string;
  View: ComponentType;
}

/** A page's code is loaded when it is opened first. Its module exports the component as `View`. */
const load = (module: () => Promise<{ View: ComponentType }>) =>
  lazy(async () => ({ default: (await loadModule(module, { isPage: true })).View }));

// biome-ignore format: a line each
const PAGES: readonly Page[] = [
  { label: "Overview", path: "/", icon: "LayoutDashboard", section: "Watch", shortcut: "o", scope: "usage:read", View: load(() => import("./pages/overview/overview.tsx")) },
  { label: "Runs", path: "/tasks", icon: "Workflow", section: "Watch", shortcut: "r", scope: "tasks:read", View: load(() => import("./pages/runs/runs.tsx")) },
  { label: "Deliveries", path: "/deliveries", icon: "Send", section: "Watch", shortcut: "d", scope: "deliveries:read", View: load(() => import("./pages/deliveries/deliveries.tsx")) },
  { label: "Inbox", path: "/inbox", icon: "Inbox", section: "Watch", shortcut: "i", scope: "inbox:read", View: load(() => import("./pages/inbox/inbox.tsx")) },
  { label: "Approvals", path: "/approvals", icon: "ShieldCheck", section: "Watch", shortcut: "x", scope: "approvals:read", View: load(() => import("./pages/approvals/approvals.tsx")) },
  { label: "Usage", path: "/usage", icon: "Coins", section: "Watch", shortcut: "u", scope: "usage:read", View: load(() => import("./pages/usage/usage.tsx")) },
  { label: "Budgets", path: "/budgets", icon: "Gauge", section: "Watch", shortcut: "v", scope: "budgets:read", View: load(() => import("./pages/budgets/budgets.tsx")) },
  { label: "Chat", path: "/chat", icon: "MessageSquare", section: "Work", shortcut: "c", scope: "sessions:read", View: load(() => import("./pages/chat/chat.tsx")) },
  { label: "Channels", path: "/channels", icon: "Hash", section: "Work", shortcut: "h", scope: "channels:read", View: load(() => import("./pages/channels/channels.tsx")) },
  { label: "Schedules", path: "/schedules", icon: "Clock", section: "Work", shortcut: "j", scope: "schedules:read", View: load(() => import("./pages/schedules/schedules.tsx")) },
  { label: "Mission Control", path: "/mission-control", icon: "Columns", section: "Work", shortcut: "1", scope: "mission_control:read", View: load(() => import("./pages/mission-control/mission-control.tsx")) },
  { label: "Bots", path: "/bots", icon: "Bot", section: "Knowledge", shortcut: "b", scope: "bots:read", View: load(() => import("./pages/bots/bots.tsx")) },
  { label: "Evals", path: "/evals", icon: "ListChecks", section: "Knowledge", shortcut: "g", scope: "evals:read", View: load(() => import("./pages/evals/evals.tsx")) },
  { label: "Skills", path: "/skills", icon: "BookOpen", section: "Knowledge", shortcut: "t", scope: "skills:read", View: load(() => import("./pages/skills/skills.tsx")) },
  { label: "Carapaces", path: "/carapaces", icon: "Layers", section: "Knowledge", shortcut: "y", scope: "carapaces:read", View: load(() => import("./pages/carapaces/carapaces.tsx")) },
  { label: "Templates", path: "/templates", icon: "ClipboardList", section: "Knowledge", shortcut: "e", scope: "templates:read", View: load(() => import("./pages/templates/templates.tsx")) },
  { label: "Memory", path: "/memories", icon: "Brain", section: "Knowledge", shortcut: "m", scope: "memories:read", View: load(() => import("./pages/memories/memories.tsx")) },
  { label: "Documents", path: "/documents", icon: "FileText", section: "Knowledge", shortcut: "f", scope: "documents:read", View: load(() => import("./pages/documents/documents.tsx")) },
  { label: "First steps", path: "/welcome", icon: "Rocket", section: "Set up", shortcut: "w", scope: "admin", View: load(() => import("./pages/welcome/welcome.tsx")) },
  { label: "Integrations", path: "/admin/integrations", icon: "Plug", section: "Set up", shortcut: "n", scope: "integrations:read", View: load(() => import("./pages/integrations/integrations.tsx")) },
  { label: "Policies", path: "/policies", icon: "Shield", section: "Set up", shortcut: "q", scope: "policies:read", View: load(() => import("./pages/policies/policies.tsx")) },
  { label: "Providers", path: "/admin/providers", icon: "Sparkles", section: "Set up", shortcut: "p", scope: "providers:read", View: load(() => import("./pages/providers/providers.tsx")) },
  { label: "MCP servers", path: "/admin/mcp-servers", icon: "Wrench", section: "Set up", shortcut: "z", scope: "mcp_servers:read", View: load(() => import("./pages/mcp-servers/mcp-servers.tsx")) },
  { label: "Coding agents", path: "/admin/coding-agents", icon: "Code2", section: "Set up", shortcut: "2", scope: "coding_agents:read", View: load(() => import("./pages/coding-agents/coding-agents.tsx")) },
  { label: "API keys", path: "/api-keys", icon: "Key", section: "System", shortcut: "k", scope: "api_keys:read", View: load(() => import("./pages/api-keys/api-keys.tsx")) },
  { label: "Logs", path: "/logs", icon: "ScrollText", section: "System", shortcut: "l", scope: "logs:read", View: load(() => import("./pages/logs/logs.tsx")) },
  { label: "Settings", path: "/settings", icon: "SlidersHorizontal", section: "System", shortcut: "s", scope: "settings:read", View: load(() => import("./pages/settings/settings.tsx")) },
  { label: "About", path: "/about", icon: "Info", section: "System", shortcut: "a", scope: "settings:read", View: load(() => import("./pages/about/about.tsx")) },
];

/** The pages that who is signed in may see. */
export function usePages(): readonly Page[] {
  const scopes = useSession(({ me }) => me?.scopes);
  return useMemo(() => PAGES.filter(({ scope }) => covers(scopes ?? [], scope)), [scopes]);
}

/** The page that answers this address. */
export const pageAt = (pages: readonly Page[], path: string): Page | undefined =>
  pages.filter((page) => path === page.path || (page.path !== "/" && path.startsWith(`${page.path}/`))).at(0);
