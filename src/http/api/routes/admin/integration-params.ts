// What the administration routes of integrations share: their tag, their path parameter, and how it is looked up.

import { t } from "elysia";
import { notFound } from "../../../../errors.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import type { IntegrationView } from "../../../../integrations/registry/view.ts";

export const ADMIN_TAG = "Administration of integrations";

export const IntegrationParams = t.Object({
  id: t.String({
    minLength: 1,
    maxLength: 200,
    description: "The integration's id, which is the name of its folder.",
  }),
});

export type AdminIntegrationLookup = Pick<Integrations, "get">;

/** Throws `not_found` if there is no such integration. */
export function findIntegration({ get }: AdminIntegrationLookup, id: string): IntegrationView {
  const view = get(id);
  if (!view) throw notFound("integration", id);
  return view;
}
