import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../../api/client.ts";
import { ApiError } from "../../../parts/api-error.tsx";
import { Markdown } from "../../../parts/markdown.tsx";
import { Panel } from "../../../parts/page-frame.tsx";
import type { IntegrationDetail } from "../queries.ts";
import classes from "./tabs.module.css";

/** README.md of the integration's folder. */
export function Readme({ integration: { id } }: { integration: IntegrationDetail }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["integrations", "readme", id],
    queryFn: () =>
      take(api.GET("/api/v1/admin/integrations/{id}/readme", { params: { path: { id } }, parseAs: "text" })),
  });
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  return (
    <div className={classes.readme}>
      <Panel>
        <Markdown text={String(data ?? "")} />
      </Panel>
    </div>
  );
}
