// Parts of a manifest as the UI receives them, with every default filled in.

import type { SetupManifest } from "../../sdk/manifest.ts";

const PLUG = "Plug";

export const iconOf = (setup: SetupManifest | null): string => setup?.icon ?? PLUG;

export interface SidebarSection {
  integration_id: string;
  id: string;
  title: string;
  icon: string;
  items: { label: string; href: string; icon: string }[];
  readiness_endpoint: string | null;
  readiness_field: string | null;
}

export function sidebarSection(id: string, setup: SetupManifest | null): SidebarSection | undefined {
  const section = setup?.sidebar_section;
  return (
    section && {
      integration_id: id,
      id: section.id,
      title: section.title ?? section.id.toUpperCase(),
      icon: section.icon ?? PLUG,
      items: section.items.map(({ label, href, icon = PLUG }) => ({ label, href, icon })),
      readiness_endpoint: section.readiness_endpoint ?? null,
      readiness_field: section.readiness_field ?? null,
    }
  );
}

export interface DashboardModule {
  integration_id: string;
  id: string;
  label: string;
  icon: string;
  description: string | null;
  /** The module's data is at `<api_base>/data`. */
  api_base: string;
}

export const dashboardModules = (id: string, setup: SetupManifest | null): DashboardModule[] =>
  (setup?.dashboard_modules ?? []).map((module) => ({
    integration_id: id,
    id: module.id,
    label: module.label,
    icon: module.icon ?? "Zap",
    description: module.description ?? null,
    api_base: `/integrations/${id}/mc/${module.id}`,
  }));
