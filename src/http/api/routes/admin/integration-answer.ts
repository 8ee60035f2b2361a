// An integration as the admin API shows it.

import { t } from "elysia";
import { PROCESS_STATES } from "../../../../db/schema.ts";
import type { Inbox } from "../../../../inbox/inbox.ts";
import { scopesOf } from "../../../../integrations/manifest/manifest.ts";
import { dashboardModules, sidebarSection } from "../../../../integrations/manifest/manifest-parts.ts";
import { type Dependency, dependenciesOf } from "../../../../integrations/registry/dependencies.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import { firstParagraph, readReadme } from "../../../../integrations/registry/readme.ts";
import { SETUP_STATUSES, setupStatus } from "../../../../integrations/registry/status.ts";
import type { IntegrationView } from "../../../../integrations/registry/view.ts";
import { isGiven } from "../../../../integrations/settings/effective-setting.ts";
import type { Settings } from "../../../../integrations/settings/settings.ts";
import type { Processes } from "../../../../processes/supervisor.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import type { SetupManifest } from "../../../../sdk/manifest.ts";
import { mask } from "../../../../secrets/mask.ts";
import { withoutUrlSecrets } from "../../../../secrets/urls.ts";
import { InstantOf, instant, instantOrNull, JsonFields, nullable, oneOf } from "../../schemas.ts";
import { LoadError, presentError } from "../load-error.ts";
import { presentWebhook, Webhook } from "./webhook-answer.ts";
import { type ListConnections, WorstConnection, worstOf } from "./worst-connection.ts";

export const IntegrationAnswer = named(
  "IntegrationSetup",
  t.Object(
    {
      id: t.String({ description: "Its id, which is the name of its folder." }),
      name: t.String({ description: "The name that people see." }),
      version: nullable(t.String(), "Its version, if it declares one."),
      source: t.String({ description: "The kind of place that it was found in." }),
      icon: t.String({ description: "Name of its icon." }),
      description: nullable(t.String(), "The first paragraph of its README.md."),
      status: oneOf(
        SETUP_STATUSES,
        "ready; partial: a required setting or an npm package is missing; not_configured: no required setting is set; disabled; quarantined: the version on disk does not load; pending_approval: a bot wrote it; loading.",
      ),
      enabled: t.Boolean({ description: "Whether it is enabled." }),
      is_live: t.Boolean({
        description:
          "Whether a version is serving; for a quarantined integration that is its last good version.",
      }),
      error: nullable(LoadError, "Why the version on disk does not load; null if it does."),
      has_router: t.Boolean({ description: "Whether it has routes below /integrations/<id>." }),
      has_dispatcher: t.Boolean({ description: "Whether it delivers messages." }),
      has_hooks: t.Boolean({ description: "Whether it registers hooks." }),
      has_tools: t.Boolean({ description: "Whether it has tools." }),
      has_skills: t.Boolean({ description: "Whether it has skills." }),
      has_carapaces: t.Boolean({ description: "Whether it has carapaces." }),
      has_process: t.Boolean({ description: "Whether it has a background process." }),
      has_connection_test: t.Boolean({ description: "Whether its connection can be tested." }),
      has_accounts: t.Boolean({ description: "Whether people sign Heddle in for it at a service." }),
      process_status: nullable(oneOf(PROCESS_STATES), "The state of its process; null if it has none."),
      connection: nullable(WorstConnection, "The worst of its connections to its service, if it keeps any."),
      tools: t.Array(t.String(), { description: "Names of its tools." }),
      dispatchers: t.Array(t.String(), { description: "Its dispatch types." }),
      hooks: t.Array(t.String(), { description: "Events that it registers hooks for." }),
      skills: t.Array(t.String(), { description: "Ids of its skills." }),
      env_vars: t.Array(
        t.Object({
          key: t.String({ description: "The name of the setting." }),
          required: t.Boolean({ description: "Whether it needs a value." }),
          secret: t.Boolean({ description: "Whether its value is encrypted and masked." }),
          description: nullable(t.String(), "What it is for."),
          default: nullable(t.String(), "Masked if it is a secret."),
          is_set: t.Boolean({ description: "Whether it is stored or in the environment." }),
        }),
        { description: "Its settings." },
      ),
      dependencies: t.Array(
        t.Object({
          package: t.String({ description: "Name of the npm package." }),
          installed: t.Boolean({ description: "Whether a matching version is installed." }),
        }),
        { description: "Packages that its package.json asks for." },
      ),
      deps_installed: t.Boolean({ description: "Whether all packages are installed." }),
      webhook: nullable(Webhook, "The webhook that its manifest declares, if any."),
      last_webhook_at: nullable(InstantOf(""), "When the latest webhook arrived."),
      api_permissions: t.Array(t.String(), { description: "Scopes that its manifest asks for." }),
      instructions_url: nullable(t.String(), "URL of its setup instructions."),
      web_ui: nullable(
        t.Object({
          path: t.String({ description: "The path of its pages." }),
          dev_port: nullable(t.Integer(), "Port of its development server, if it declares one."),
        }),
        "Its own pages, if it has any.",
      ),
    },
    { description: "An integration with its setup status." },
  ),
);

const MODULE = {
  integration_id: t.String({ description: "The integration that it belongs to." }),
  id: t.String({ description: "Its id within the integration." }),
  label: t.String({ description: "The name that people see." }),
  icon: t.String({ description: "Name of its icon." }),
  description: nullable(t.String(), "What it shows."),
  api_base: t.String({ description: "`GET <api_base>/data` returns the module's data." }),
};

export const DashboardModule = named("DashboardModule", t.Object(MODULE));

export const SidebarSection = named(
  "SidebarSection",
  t.Object({
    integration_id: t.String({ description: "The integration that it belongs to." }),
    id: t.String({ description: "Its id within the integration." }),
    title: t.String({ description: "The heading." }),
    icon: t.String({ description: "Name of its icon." }),
    items: t.Array(
      t.Object({
        label: t.String({ description: "The name that people see." }),
        href: t.String({ description: "The link's target." }),
        icon: t.String({ description: "Name of its icon." }),
      }),
      { description: "The entries, in this order." },
    ),
    readiness_endpoint: nullable(
      t.String(),
      "Path that says whether the section is ready; null: it always is.",
    ),
    readiness_field: nullable(t.String(), "The field of that answer to read."),
  }),
);

export const DetailAnswer = named(
  "IntegrationDetail",
  t.Composite([
    IntegrationAnswer,
    t.Object({
      folder: t.String({ description: "Its path on the server." }),
      pending: nullable(
        t.Object({
          hash: t.String({ description: "The hash that an approval must give." }),
          files: t.Array(
            t.Object({
              path: t.String({ description: "Below the workspace." }),
              sha256: t.String({ description: "Hash of the content." }),
              bot_id: t.String({ description: "The bot that wrote it." }),
              written_at: InstantOf("When it was written."),
            }),
            { description: "Files that a bot wrote and nobody has approved." },
          ),
          changes: t.Array(
            t.Object({
              path: t.String({ description: "Below the workspace." }),
              kind: oneOf(["added", "changed", "removed"], "Compared to the version that went live last."),
              is_waiting: t.Boolean({
                description: "True if a bot wrote the current content, false if an operator did.",
              }),
              diff: nullable(t.String(), "The complete unified diff; null if the file is not text."),
            }),
            { description: "All changed files that the hash covers, with their changes." },
          ),
        }),
        "Only for pending_approval. The changes and the hash are of the same moment, so approving the hash approves exactly these changes.",
      ),
      setup: nullable(JsonFields, "The manifest of the live version."),
      sidebar_section: nullable(SidebarSection, "Its section of a sidebar, if any."),
      dashboard_modules: t.Array(DashboardModule, { description: "Its modules of a dashboard." }),
      readme: nullable(t.String(), "The first 5,000 characters of README.md."),
    }),
  ]),
);

export interface Presenting {
  settings: Pick<Settings, "effective">;
  processes: Pick<Processes, "has" | "status">;
  inbox: Pick<Inbox, "lastArrivals">;
  /** This server's public address without a trailing slash; undefined if only the operator could know it. */
  baseUrl: () => string | undefined;
  listConnections: ListConnections;
}

export async function present(view: IntegrationView, presenting: Presenting) {
  const { settings, processes, inbox, baseUrl, listConnections } = presenting;
  const { id, setup, folder } = view;
  const dependencies: Dependency[] = await dependenciesOf(view);
  const effective = (setting: (typeof view.settings)[number]) => settings.effective(id, setting);
  return {
    id,
    name: view.name,
    version: view.version,
    source: view.source,
    icon: view.icon,
    description: firstParagraph(await readReadme(folder)),
    status: setupStatus({ view, settings: view.settings, effective, dependencies }),
    enabled: view.enabled,
    is_live: view.isLive,
    error: presentError(view),
    has_router: view.hasRouter,
    has_dispatcher: view.dispatchers.length > 0,
    has_hooks: view.hooks.length > 0 || view.meta !== null,
    has_tools: view.tools.length > 0,
    has_skills: view.skills.length > 0,
    has_carapaces: view.carapaces.length > 0,
    has_process: view.process !== null,
    has_connection_test: view.meta?.testConnection !== undefined,
    has_accounts: view.accounts.length > 0,
    process_status: processes.has(id) ? (await processes.status(id)).state : null,
    connection: worstOf(await listConnections(id)),
    tools: view.tools,
    dispatchers: view.dispatchers,
    hooks: view.hooks,
    skills: view.skills,
    env_vars: view.settings.map((setting) => {
      const { key, required, secret, description, default: preset } = setting;
      return {
        key,
        required,
        secret,
        description,
        default: preset === null ? null : secret ? mask(preset) : withoutUrlSecrets(preset),
        is_set: isGiven(effective(setting)),
      };
    }),
    dependencies,
    deps_installed: dependencies.every(({ installed }) => installed),
    webhook: setup?.webhook ? presentWebhook(id, setup.webhook, baseUrl()) : null,
    last_webhook_at: instantOrNull((await inbox.lastArrivals([id])).get(id) ?? null),
    api_permissions: setup ? [...scopesOf(setup)] : [],
    instructions_url: setup?.instructions_url ?? null,
    web_ui: setup?.web_ui
      ? { path: `/integrations/${id}/ui/`, dev_port: setup.web_ui.dev_port ?? null }
      : null,
  };
}

const README_SHOWN = 5000;

export async function presentDetail(
  view: IntegrationView,
  pending: Awaited<ReturnType<Integrations["changesOf"]>>,
  presenting: Presenting,
) {
  const { id, setup, folder } = view;
  const readme = await readReadme(folder);
  return {
    ...(await present(view, presenting)),
    folder,
    pending: pending && {
      hash: pending.hash,
      files: pending.files.map(({ path, sha256, botId, writtenAt }) => ({
        path,
        sha256,
        bot_id: botId,
        written_at: instant(writtenAt),
      })),
      changes: pending.changes.map(({ path, kind, isWaiting, diff }) => ({
        path,
        kind,
        is_waiting: isWaiting,
        diff,
      })),
    },
    setup: setup && withoutSecrets(setup, view.settings),
    sidebar_section: sidebarSection(id, setup) ?? null,
    dashboard_modules: dashboardModules(id, setup),
    readme: readme?.slice(0, README_SHOWN) ?? null,
  };
}

/** Masks the defaults of secret settings, which are secrets too. */
function withoutSecrets(setup: SetupManifest, settings: IntegrationView["settings"]): SetupManifest {
  const isSecret = (key: string) => settings.some((setting) => setting.key === key && setting.secret);
  const env_vars = setup.env_vars?.map((envVar) =>
    envVar.default !== undefined && isSecret(envVar.key)
      ? { ...envVar, default: mask(envVar.default) }
      : envVar,
  );
  return { ...setup, ...(env_vars && { env_vars }) };
}
