import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useLiveQueries } from "../../../api/live.ts";
import { Facts } from "../../../parts/facts.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { May } from "../../../parts/may.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Badge, Status } from "../../../parts/status.tsx";
import { Time } from "../../../parts/time.tsx";
import { plural } from "../../../parts/units.tsx";
import { AccountsSection } from "../accounts.tsx";
import {
  fileHref,
  hasEditor,
  type IntegrationDetail,
  lastWebhook,
  missingSettings,
  pageOf,
  setUpOf,
} from "../queries.ts";
import { WebhookUrl } from "../webhook-url.tsx";
import { Connections } from "./connections.tsx";
import { IntegrationHealth } from "./health.tsx";
import classes from "./overview.module.css";
import { SidebarSwitch } from "./sidebar-switch.tsx";

/** Whether it works, how it is reached, and what it brings. */
export function Overview({ integration }: { integration: IntegrationDetail }) {
  const { id, webhook, folder, source, instructions_url, web_ui } = integration;
  return (
    <div className={classes.columns}>
      <div>
        <Problem integration={integration} />
        <AccountsSection integration={integration} />
        <Connections id={id} />
        {webhook && (
          <Section
            title="Webhook"
            actions={
              webhook.endpoints ? (
                <Button component={Link} href={`${pageOf(id)}?tab=endpoints`} size="compact-xs">
                  Endpoints
                </Button>
              ) : (
                <Button component={Link} href={setUpOf(id)} variant="default" size="compact-xs">
                  Test it
                </Button>
              )
            }
          >
            <Panel>
              <WebhookUrl integration={integration} />
              <LastWebhook id={id} />
            </Panel>
          </Section>
        )}
        <IntegrationHealth id={id} />
      </div>
      <div>
        <Section title="What it brings">
          <Panel>
            <Brought integration={integration} />
          </Panel>
        </Section>
        <Section title="Where it is">
          <Panel>
            <Facts
              facts={[
                ["Status", <Status key="status" value={integration.status} />],
                ["Serving", integration.is_live ? "Yes" : "No"],
                ["Folder", <code key="folder">{folder}</code>],
                ["Found as", SOURCES[source] ?? source],
                instructions_url !== null && [
                  "Instructions",
                  <a key="link" href={instructions_url} target="_blank" rel="noopener noreferrer">
                    {instructions_url}
                  </a>,
                ],
                web_ui !== null && [
                  "Its own pages",
                  <a key="ui" href={web_ui.path} target="_blank" rel="noopener noreferrer">
                    {web_ui.path}
                  </a>,
                ],
              ]}
            />
            <SidebarSwitch integration={integration} />
          </Panel>
        </Section>
      </div>
    </div>
  );
}

const SOURCES: Record<string, string> = {
  builtin: "Ships with Heddle",
  workspace: "In the workspace",
  external: "In a folder of INTEGRATION_DIRS",
  tools: "A folder of single tools",
};

/** Why it does not work, each with what to do about it. */
function Problem({ integration }: { integration: IntegrationDetail }) {
  const { id, error, is_live, dependencies, enabled } = integration;
  const missing = missingSettings(integration);
  const packages = dependencies.filter(({ installed }) => !installed).map((one) => one.package);
  if (error === null && (!enabled || (missing.length === 0 && packages.length === 0))) return null;
  return (
    <Section title="What needs you">
      <Panel>
        {error && (
          <div className={classes.problem}>
            <Icon name="AlertTriangle" size={18} />
            <div>
              <p className={classes.reason}>{error.reason}</p>
              {error.file !== null && (
                <p>
                  <code>
                    {error.file}
                    {error.line !== null && `:${error.line}`}
                    {error.column !== null && `:${error.column}`}
                  </code>
                </p>
              )}
              <p className="faint">
                {is_live ? "Its last good version keeps serving. " : "No version of it is running. "}
                Fix the file: it is loaded again as soon as it is saved.
              </p>
              {hasEditor(integration) && error.file !== null && (
                <May scope="admin">
                  <Button component={Link} href={fileHref(id, error.file)} size="xs">
                    Edit {error.file}
                  </Button>
                </May>
              )}
            </div>
          </div>
        )}
        {missing.length > 0 && (
          <div className={classes.problem}>
            <Icon name="SlidersHorizontal" size={18} />
            <div>
              <p>
                {missing.length === 1
                  ? "A required setting has no value: "
                  : "Required settings have no value: "}
                <code>{missing.join(", ")}</code>
              </p>
              <Button component={Link} href={setUpOf(id)} size="xs">
                Set up
              </Button>
            </div>
          </div>
        )}
        {packages.length > 0 && (
          <div className={classes.problem}>
            <Icon name="Package" size={18} />
            <p>
              Not installed: <code>{packages.join(", ")}</code>. “Install packages” above installs them,
              without running their scripts.
            </p>
          </div>
        )}
      </Panel>
    </Section>
  );
}

function LastWebhook({ id }: { id: string }) {
  const { data } = useQuery(lastWebhook(id));
  useLiveQueries(["inbox"], lastWebhook(id).queryKey);
  if (data === undefined) return null;
  return (
    <p className={classes.last}>
      {data === null ? (
        <span className="faint">Nothing has arrived yet.</span>
      ) : (
        <>
          The last one <Status value={data.verdict} />{" "}
          <Link href={`/inbox/${data.id}`}>
            <Time at={data.created_at} />
          </Link>
        </>
      )}
    </p>
  );
}

function Brought({ integration }: { integration: IntegrationDetail }) {
  const {
    id,
    tools,
    skills,
    hooks,
    dispatchers,
    api_permissions,
    has_router,
    has_process,
    dashboard_modules,
  } = integration;
  const to = (tab: string, text: string) => (
    <Link key={tab} href={`${pageOf(id)}?tab=${tab}`}>
      {text}
    </Link>
  );
  const names = (list: readonly string[]) => (
    <span className={classes.names}>
      {list.map((name) => (
        <Badge key={name}>{name}</Badge>
      ))}
    </span>
  );
  return (
    <Facts
      facts={[
        ["Routes", has_router ? <code key="routes">/integrations/{id}/</code> : "None"],
        tools.length > 0 && ["Tools", to("tools", plural(tools.length, "tool"))],
        skills.length > 0 && ["Skills", to("parts", plural(skills.length, "skill"))],
        hooks.length > 0 && ["Hooks", to("parts", plural(hooks.length, "event"))],
        dispatchers.length > 0 && ["Delivers as", names(dispatchers)],
        has_process && ["Process", to("process", integration.process_status ?? "Background process")],
        dashboard_modules.length > 0 && ["Dashboard", names(dashboard_modules.map(({ label }) => label))],
        api_permissions.length > 0 && ["Asks for", names(api_permissions)],
      ]}
    />
  );
}
