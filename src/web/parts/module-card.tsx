import { useQuery } from "@tanstack/react-query";
import type { Schema } from "../api/client.ts";
import { ApiFailure } from "../api/failure.ts";
import { Awaited } from "./awaited.tsx";
import { Icon } from "./icon.tsx";
import classes from "./module-card.module.css";
import { type ModuleData, readModule } from "./module-data.ts";
import { ModuleSections } from "./module-sections.tsx";
import { Panel } from "./page-frame.tsx";

/** A dashboard module of an integration: a card with what its router returns. */
export function ModuleCard({ module }: { module: Schema<"DashboardModule"> }) {
  const { label, icon, description, api_base } = module;
  const { data, error, refetch } = useQuery({
    queryKey: ["modules", api_base],
    queryFn: () => ask(`${api_base}/data`),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
  return (
    <Panel>
      <h3 className={classes.title}>
        <Icon name={icon} />
        <span className="cut">{data?.title ?? label}</span>
      </h3>
      {description !== null && <p className={classes.about}>{description}</p>}
      {(error || !data) && <Awaited error={error} onRetry={() => void refetch()} />}
      {data && <ModuleSections data={data} />}
    </Panel>
  );
}

async function ask(path: string): Promise<ModuleData> {
  const response = await fetch(path).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok) throw await ApiFailure.of(response);
  const data = readModule(await response.json().catch(() => undefined));
  if (data) return data;
  throw new ApiFailure("The integration's answer is not a dashboard module: it needs a title and sections.", {
    status: response.status,
    code: "invalid_module",
  });
}
