// Repairs of integrations: code that does not load or waits for approval, missing settings and packages.

import { type Dependency, dependenciesOf } from "../integrations/registry/dependencies.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Settings } from "../integrations/settings/settings.ts";
import type { Repair } from "./repair.ts";

export interface IntegrationRepairsOptions {
  integrations: { list(): IntegrationView[] };
  settings: Pick<Settings, "effective">;
}

export async function integrationRepairs({
  integrations,
  settings,
}: IntegrationRepairsOptions): Promise<Repair[]> {
  const all = await Promise.all(
    integrations
      .list()
      .filter(({ enabled }) => enabled)
      .map(async (view) => [
        ...quarantined(view),
        ...pending(view),
        ...missingSettings(view, settings),
        ...missingPackages(view, view.isLive ? await dependenciesOf(view) : []),
      ]),
  );
  return all.flat();
}

const of = (view: IntegrationView) => ({
  integration_id: view.id,
  since: null,
  count: 1,
  scope: "integrations:read",
});

function quarantined(view: IntegrationView): Repair[] {
  const { id, name, status, error, isLive } = view;
  if (status !== "quarantined") return [];
  const place =
    error?.file === undefined ? "" : `${error.file}${error.line === undefined ? "" : `:${error.line}`}: `;
  return [
    {
      ...of(view),
      id: `integration_quarantined/${id}`,
      kind: "integration_quarantined",
      severity: isLive ? "warning" : "error",
      title: `${name} does not load.`,
      detail: error ? `${place}${error.reason}` : null,
      blocks: isLive
        ? "The last good version serves; changes have no effect."
        : "Its webhooks are answered with 503, and its tools and deliveries are missing.",
      action: "fix_code",
    },
  ];
}

function pending(view: IntegrationView): Repair[] {
  const { id, name, pending: waiting, isLive } = view;
  if (!waiting) return [];
  const { length } = waiting.files;
  return [
    {
      ...of(view),
      id: `integration_pending_approval/${id}`,
      kind: "integration_pending_approval",
      severity: "warning",
      title: `${name} has code that a bot wrote and nobody has approved.`,
      detail: `${length} ${length === 1 ? "file waits" : "files wait"}.`,
      blocks: isLive ? "The version before it serves." : "It does not run.",
      count: length,
      action: "approve",
    },
  ];
}

function missingSettings(view: IntegrationView, { effective }: Pick<Settings, "effective">): Repair[] {
  const { id, name, settings, status } = view;
  if (status !== "ready") return [];
  const required = settings.filter((setting) => setting.required);
  const missing = required.filter((setting) => effective(id, setting).value === null);
  // Integrations that nobody has begun to set up need no repair: most people use few of those that ship with Heddle.
  if (missing.length === 0 || missing.length === required.length) return [];
  return [
    {
      ...of(view),
      id: `integration_settings_missing/${id}`,
      kind: "integration_settings_missing",
      severity: "warning",
      title: `${name} is set up only in part.`,
      detail: `Missing: ${missing.map(({ key }) => key).join(", ")}.`,
      blocks: "What needs these settings fails.",
      count: missing.length,
      action: "set_settings",
    },
  ];
}

function missingPackages(
  view: IntegrationView,
  dependencies: Pick<Dependency, "package" | "installed">[],
): Repair[] {
  const missing = dependencies.filter(({ installed }) => !installed);
  if (missing.length === 0) return [];
  return [
    {
      ...of(view),
      id: `integration_packages_missing/${view.id}`,
      kind: "integration_packages_missing",
      severity: "warning",
      title: `${view.name} needs npm packages that are not installed.`,
      detail: `Missing: ${missing.map((one) => one.package).join(", ")}.`,
      blocks: "What uses these packages fails.",
      count: missing.length,
      action: "install_packages",
    },
  ];
}
