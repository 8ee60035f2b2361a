// What a sidebar section of an integration leads to: its own pages in a sandboxed frame, or its dashboard modules.

import { useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "../api/client.ts";
import { sidebarSections } from "../api/queries.ts";
import { ApiError } from "../parts/api-error.tsx";
import { Empty } from "../parts/empty.tsx";
import { ModuleCard } from "../parts/module-card.tsx";
import { PageFrame } from "../parts/page-frame.tsx";
import classes from "./integration-page.module.css";
import { NotFound } from "./not-found.tsx";

/** The page at an address that no page of the UI has. */
export function IntegrationPage({ path }: { path: string }) {
  const { data: sections, error, refetch } = useQuery(sidebarSections);
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (!sections) return null;
  const section = sections.find(({ items }) =>
    items.some(({ href }) => path === href || path.startsWith(`${href}/`)),
  );
  const item = section?.items.find(({ href }) => path === href) ?? section?.items[0];
  if (!section || !item) return <NotFound path={path} />;
  return <OwnPage section={section} label={item.label} path={path} />;
}

interface OwnPageProps {
  section: Schema<"SidebarSection">;
  label: string;
  path: string;
}

function OwnPage({ section, label, path }: OwnPageProps) {
  const id = section.integration_id;
  const integration = useQuery({
    queryKey: ["integrations", "one", id],
    queryFn: () => take(api.GET("/api/v1/admin/integrations/{id}", { params: { path: { id } } })),
  });
  const modules = useQuery({
    queryKey: ["integrations", "modules"],
    queryFn: async () => (await take(api.GET("/api/v1/admin/integrations/dashboard-modules"))).modules,
  });
  const error = integration.error ?? modules.error;
  if (error) return <ApiError error={error} onRetry={() => void integration.refetch()} />;
  if (!integration.data || !modules.data) return null;
  const { web_ui, name } = integration.data;
  const own = modules.data.filter(({ integration_id }) => integration_id === id);
  if (web_ui) {
    return (
      <PageFrame title={label} about={`A page of the integration ${name}.`} fill>
        <iframe
          className={classes.frame}
          // Its address below the integration's pages is the one after the section's own.
          src={`${web_ui.path}${path.split("/").slice(2).join("/")}`}
          title={`${label}, a page of ${name}`}
          // The page's answer says the same; both must allow what it does.
          sandbox="allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads"
          referrerPolicy="no-referrer"
        />
      </PageFrame>
    );
  }
  return (
    <PageFrame title={label} about={`From the integration ${name}.`}>
      {own.length === 0 ? (
        <Empty icon="LayoutDashboard" title="The integration has nothing to show here">
          Its manifest has this entry of the sidebar, but neither pages of its own (<code>web_ui</code>) nor
          dashboard modules.
        </Empty>
      ) : (
        <div className={classes.modules}>
          {own.map((module) => (
            <ModuleCard key={module.id} module={module} />
          ))}
        </div>
      )}
    </PageFrame>
  );
}
