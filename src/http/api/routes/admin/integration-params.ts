// What the administration routes of an integration share: how they are shelved, and which integration a path names.

import { t } from "elysia";
import { notFound } from "../../../../errors.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import type { IntegrationView } from "../../../../integrations/registry/view.ts";

export const ADMIN_TAG = "Administration of integrations";

export const IntegrationParams = t.Object({
  id: t.String({ minLength: 1, maxLength: 200, description: "The name of its folder." }),
});

/** Throws `not_found`. */
export function findIntegration({ get }: Pick<Integrations, "get">, id: string): IntegrationView {
  const view = get(id);
  if (!view) throw notFound("integration", id);
  return view;
}
