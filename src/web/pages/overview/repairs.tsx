import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Schema } from "../../api/client.ts";
import { SUMS_MS, useLiveQueries } from "../../api/live.ts";
import { REPAIR_CAUSES, repairs } from "../../api/queries.ts";
import { pageAt, usePages } from "../../pages.tsx";
import { ApiError } from "../../parts/api-error.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import classes from "./overview.module.css";

type Repair = Schema<"Repair">;

const SEVERITIES = {
  error: { tone: "bad", label: "Broken" },
  warning: { tone: "warn", label: "Attention" },
  info: { tone: "calm", label: "Suggestion" },
} as const;

/** Where a person can do something about it, and what the button says. */
const ACTIONS: Record<Repair["action"], [label: string, href: (repair: Repair) => string]> = {
  fix_code: ["See the error", ofIntegration],
  approve: ["Review the code", (repair) => `${ofIntegration(repair)}?tab=approval`],
  set_settings: ["Set it up", (repair) => `${ofIntegration(repair)}/set-up`],
  install_packages: ["Install packages", ofIntegration],
  restart_process: ["See the process", ofIntegration],
  check_connection: ["See the connection", ofIntegration],
  sign_in: ["Sign in", ofIntegration],
  sign_in_mcp_server: ["Sign in", ({ mcp_server_id }) => `/admin/mcp-servers/${mcp_server_id ?? ""}`],
  check_provider: ["See the provider", ({ provider_id }) => `/admin/providers/${provider_id ?? ""}`],
  check_mcp_server: ["See the server", ({ mcp_server_id }) => `/admin/mcp-servers/${mcp_server_id ?? ""}`],
  redeliver: ["See dead letters", () => "/deliveries?status=dead"],
  replay: ["See the webhooks", ({ integration_id }) => `/inbox?verdict=failed${filterBy(integration_id)}`],
  review: ["Review", () => "/memories?status=unreviewed"],
  review_schedules: ["Review", () => "/schedules?status=unreviewed"],
  decide: ["Decide", () => "/approvals?status=pending"],
  decide_about_people: ["Decide", (repair) => `${ofIntegration(repair)}?tab=people`],
  continue_loop: ["See the run", ({ id }) => `/tasks/${id.split("/").at(-1)}`],
  extend_budget: ["Extend", ({ id }) => `/budgets/${id.split("/").at(-1)}`],
  reindex: ["See documents", () => "/documents"],
  add_provider: ["Take the first steps", () => "/welcome"],
  renew_key: ["See the keys", () => "/api-keys"],
};

const filterBy = (id: string | null): string => (id === null ? "" : `&integration=${encodeURIComponent(id)}`);

function ofIntegration({ integration_id }: Repair): string {
  return `/admin/integrations/${integration_id ?? ""}`;
}

/** What needs a person. An entry is gone as soon as its cause is. */
export function Repairs() {
  const { data, error, refetch } = useQuery(repairs);
  useLiveQueries(REPAIR_CAUSES, repairs.queryKey, { everyMs: SUMS_MS });
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  return (
    <Section title="Needs you">
      <Panel flush>
        {data?.length === 0 ? (
          <div className={classes.fine}>
            <Icon name="CheckCircle2" size={18} />
            <span>Nothing needs you. Everything that is switched on works.</span>
          </div>
        ) : (
          <ul className={classes.repairs}>
            {data?.map((repair) => (
              <OneRepair key={repair.id} repair={repair} />
            ))}
          </ul>
        )}
      </Panel>
    </Section>
  );
}

function OneRepair({ repair }: { repair: Repair }) {
  const { title, detail, blocks, since, severity, action } = repair;
  const pages = usePages();
  const [label, hrefOf] = ACTIONS[action];
  const href = hrefOf(repair);
  const hasPage = pageAt(pages, href.split("?")[0] ?? "") !== undefined;
  return (
    <li className={classes.repair}>
      <Badge tone={SEVERITIES[severity].tone}>{SEVERITIES[severity].label}</Badge>
      <div className={classes.words}>
        <p className={classes.title}>{title}</p>
        {detail !== null && <p className={classes.detail}>{detail}</p>}
        <p className={classes.detail}>
          {blocks}
          {since !== null && (
            <>
              {" "}
              Since <Time at={since} />.
            </>
          )}
        </p>
      </div>
      {hasPage && (
        <Button component={Link} href={href} variant="default" size="xs">
          {label}
        </Button>
      )}
    </li>
  );
}
