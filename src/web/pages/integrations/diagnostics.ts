// What somebody who helps needs to know about an integration, as one file. It is put together from answers of the API, in
// which secrets are masked and known ones redacted.

import { api, take } from "../../api/client.ts";
import { download } from "../../parts/download.ts";
import { withoutSecrets } from "./without-secrets.ts";

const LINES = 200;
const WEBHOOKS = 20;

export async function downloadDiagnostics(id: string): Promise<void> {
  const text = withoutSecrets(JSON.stringify(await diagnosticsOf(id), null, 2));
  download(`heddle-${id}-${new Date().toISOString().slice(0, 10)}.json`, text, "application/json");
}

async function diagnosticsOf(id: string) {
  const path = { id };
  const query = { integration_id: id, limit: WEBHOOKS };
  const [integration, settings, errors, inbox, server] = await Promise.all([
    take(api.GET("/api/v1/admin/integrations/{id}", { params: { path } })),
    take(api.GET("/api/v1/admin/integrations/{id}/settings", { params: { path } })),
    take(api.GET("/api/v1/admin/integrations/{id}/errors", { params: { path } })),
    take(api.GET("/api/v1/inbox", { params: { query } })),
    take(api.GET("/api/v1/about", {})),
  ]);
  const process = integration.has_process
    ? await Promise.all([
        take(api.GET("/api/v1/admin/integrations/{id}/process", { params: { path } })),
        take(
          api.GET("/api/v1/admin/integrations/{id}/process/logs", {
            params: { path, query: { limit: LINES } },
          }),
        ),
      ])
    : null;
  // The README is not about this server.
  const { readme: _, ...facts } = integration;
  return {
    at: new Date().toISOString(),
    server,
    integration: facts,
    settings: settings.settings,
    errors: errors.errors,
    process: process && { state: process[0], output: process[1].lines },
    // Summaries: without headers and bodies.
    webhooks: inbox.events,
  };
}
