import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "wouter";
import { useLiveQueries } from "../../api/live.ts";
import { covers, useSession } from "../../api/session.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { Icon } from "../../parts/icon.tsx";
import { May, useMay } from "../../parts/may.tsx";
import { PageFrame, Panel } from "../../parts/page-frame.tsx";
import { Status } from "../../parts/status.tsx";
import { useSelectedInView } from "../../parts/use-selected-in-view.ts";
import { Actions } from "./actions.tsx";
import { ConnectionTest } from "./connection-test.tsx";
import { Endpoints } from "./endpoints/endpoints.tsx";
import classes from "./integration-page.module.css";
import { hasEditor, type IntegrationDetail, integration, setUpOf } from "./queries.ts";
import { Settings } from "./settings.tsx";
import { ApiKey } from "./tabs/api-key.tsx";
import { Approval } from "./tabs/approval.tsx";
import { Files } from "./tabs/files.tsx";
import { InboxRows } from "./tabs/inbox-rows.tsx";
import { Overview } from "./tabs/overview.tsx";
import { Parts } from "./tabs/parts.tsx";
import { peopleOf } from "./tabs/people.ts";
import { People } from "./tabs/people.tsx";
import { Process } from "./tabs/process.tsx";
import { Readme } from "./tabs/readme.tsx";
import { Tools } from "./tabs/tools.tsx";

interface Tab {
  id: string;
  label: string;
  /** Without it, the tab would have nothing to show. */
  scope?: string;
  /** `people`: how many people of its service are known. */
  isShown(integration: IntegrationDetail, people: number): boolean;
  View(props: { integration: IntegrationDetail }): React.ReactNode;
}

const always = () => true;
const NONE: readonly string[] = [];

const TABS: readonly Tab[] = [
  { id: "overview", label: "Overview", isShown: always, View: Overview },
  { id: "approval", label: "Approval", isShown: ({ pending }) => pending !== null, View: Approval },
  {
    id: "endpoints",
    label: "Endpoints",
    scope: "admin",
    isShown: ({ webhook }) => webhook?.endpoints != null,
    View: Endpoints,
  },
  {
    id: "inbox",
    label: "Inbox",
    scope: "inbox:read",
    isShown: ({ has_router }) => has_router,
    View: InboxRows,
  },
  { id: "process", label: "Process", isShown: ({ has_process }) => has_process, View: Process },
  { id: "tools", label: "Tools", scope: "tools:read", isShown: ({ has_tools }) => has_tools, View: Tools },
  // Those that deliver something talk with people, as far as they have any.
  {
    id: "people",
    label: "People",
    scope: "people:read",
    isShown: ({ dispatchers }, known) => dispatchers.length + known > 0,
    View: People,
  },
  {
    id: "parts",
    label: "Skills and hooks",
    isShown: ({ has_skills, has_hooks, has_carapaces }) => has_skills || has_hooks || has_carapaces,
    View: Parts,
  },
  {
    id: "files",
    label: "Files",
    scope: "admin",
    isShown: hasEditor,
    View: Files,
  },
  {
    id: "settings",
    label: "Settings",
    scope: "admin",
    isShown: always,
    View: ({ integration }) => (
      <Panel>
        <Settings id={integration.id} />
        <ConnectionTest integration={integration} />
      </Panel>
    ),
  },
  {
    id: "api-key",
    label: "API key",
    scope: "admin",
    isShown: ({ api_permissions }) => api_permissions.length > 0,
    View: ApiKey,
  },
  { id: "readme", label: "README", isShown: ({ readme }) => readme !== null, View: Readme },
];

/** Everything about one integration, in tabs. */
export function IntegrationPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(integration(id));
  useLiveQueries(["integration", "process"], ["integrations"]);
  if (!data) {
    return (
      <PageFrame title={id}>
        <Awaited error={error} onRetry={() => void refetch()} />
        {error && (
          <Button component={Link} href="/admin/integrations" variant="default" size="xs" mt="md">
            All integrations
          </Button>
        )}
      </PageFrame>
    );
  }
  return <Loaded integration={data} />;
}

function Loaded({ integration }: { integration: IntegrationDetail }) {
  const { id, name, version, icon, status } = integration;
  const [params, setParams] = useSearchParams();
  const { data: people = [] } = useQuery(peopleOf(id));
  const mayChange = useMay("admin");
  const scopes = useSession(({ me }) => me?.scopes ?? NONE);
  const tabs = TABS.filter(
    ({ scope, isShown }) =>
      (scope === undefined || covers(scopes, scope)) && isShown(integration, people.length),
  );
  const current = tabs.find((tab) => tab.id === params.get("tab")) ?? (tabs[0] as Tab);
  const strip = useSelectedInView<HTMLDivElement>(current.id);
  return (
    <PageFrame
      title={name}
      about={
        <span className={classes.about}>
          <span className={classes.icon}>
            <Icon name={icon} size={16} />
          </span>
          <Status value={status} />
          <span>
            {id}
            {version !== null && `, version ${version}`}
          </span>
        </span>
      }
      actions={
        <>
          {mayChange && (status === "partial" || status === "not_configured") && (
            <Button component={Link} href={setUpOf(id)} size="xs">
              Set up
            </Button>
          )}
          <May scope="admin">
            <Actions integration={integration} />
          </May>
        </>
      }
    >
      <Tabs
        value={current.id}
        onChange={(tab) => setParams(tab === null || tab === "overview" ? {} : { tab }, { replace: true })}
        keepMounted={false}
      >
        <div ref={strip} className={classes.tabs}>
          <Tabs.List>
            {tabs.map((tab) => (
              <Tabs.Tab key={tab.id} value={tab.id}>
                {tab.label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </div>
        <Tabs.Panel value={current.id} className={classes.panel}>
          <current.View integration={integration} />
        </Tabs.Panel>
      </Tabs>
    </PageFrame>
  );
}
