import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Empty } from "../../parts/empty.tsx";
import { SettingsForm } from "../../parts/settings-form.tsx";
import { refreshIntegrations, settingsOf } from "./queries.ts";

/** The settings of an integration as a form. */
export function Settings({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(settingsOf(id));
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  if (data.length === 0) return <Empty icon="SlidersHorizontal" title="It declares no settings" />;
  return (
    <SettingsForm
      settings={data}
      onSave={async (settings) => {
        await take(
          api.PUT("/api/v1/admin/integrations/{id}/settings", {
            params: { path: { id } },
            body: { settings },
          }),
        );
        await refreshIntegrations();
      }}
      onReset={async (key) => {
        await take(
          api.DELETE("/api/v1/admin/integrations/{id}/settings/{key}", { params: { path: { id, key } } }),
        );
        await refreshIntegrations();
      }}
    />
  );
}
