// The webhook of an integration, as its manifest declares it.

import { t } from "elysia";
import type { SetupManifest } from "../../../../sdk/manifest.ts";
import { serverPath, urlOf } from "../../../../sdk/server-facts.ts";
import { nullable } from "../../schemas.ts";

export const Webhook = t.Object({
  url: nullable(
    t.String(),
    "The URL to enter at the sending service. Derived from BASE_URL; null if that is not set and the server listens on all addresses.",
  ),
  path: t.String({ description: "The path that the webhook is sent to." }),
  description: nullable(t.String(), "What the webhook is for."),
  scheme: nullable(t.String(), "How the sender is verified, if the manifest declares it."),
  endpoints: nullable(
    t.Object({
      path: t.String({ description: "Where they are listed and created. Needs the scope `admin`." }),
      presets_path: t.String({ description: "Where the presets for well-known senders are." }),
    }),
    "Where people create endpoints, each with an address of its own, if it has them.",
  ),
});

export function presentWebhook(
  id: string,
  { path, description, verifier, endpoints }: NonNullable<SetupManifest["webhook"]>,
  baseUrl: Parameters<typeof urlOf>[0],
) {
  return {
    url: urlOf(baseUrl, id, path),
    path: serverPath(id, path),
    description: description ?? null,
    scheme: verifier?.scheme ?? null,
    endpoints: endpoints
      ? { path: serverPath(id, endpoints.path), presets_path: serverPath(id, endpoints.presets_path) }
      : null,
  };
}
