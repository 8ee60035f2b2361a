import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { Empty } from "../../parts/empty.tsx";
import { SettingsForm } from "../../parts/settings-form.tsx";
import { changeSettings, readSettings, refreshIntegrations, settingsOf } from "./queries.ts";

/** The settings of an integration as a form. */
export function Settings({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(settingsOf(id));
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  if (data.settings.length === 0) return <Empty icon="SlidersHorizontal" title="It declares no settings" />;
  return (
    <SettingsForm
      stored={data}
      read={() => readSettings(id)}
      onSave={async (settings, header) => {
        await changeSettings(id, () =>
          take(
            api.PUT("/api/v1/admin/integrations/{id}/settings", {
              params: { path: { id }, header },
              body: { settings },
            }),
          ),
        );
        await refreshIntegrations();
      }}
      onReset={async (key, header) => {
        await changeSettings(id, () =>
          take(
            api.DELETE("/api/v1/admin/integrations/{id}/settings/{key}", {
              params: { path: { id, key }, header },
            }),
          ),
        );
        await refreshIntegrations();
      }}
    />
  );
}
