import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { ProviderId } from "../../../../providers/fields.ts";
import type { Providers } from "../../../../providers/providers.ts";
import type { ReferencesTo } from "../../../../providers/references.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { failures, type RouteOptions } from "../../route-options.ts";

const References = (description: string) =>
  t.Array(
    t.Object({
      id: t.String({ description: "Its id; of a variable its name." }),
      name: t.String({ description: "Its name." }),
      models: t.Array(t.String(), { description: "The names that begin with the provider's id." }),
    }),
    { description: `${description}; at most 100.` },
  );

const ReferencesAnswer = named(
  "ProviderReferences",
  t.Object({
    bots: References("Bots with such a model or fallback model"),
    channels: References("Channels with such a model"),
    settings: References("Variables of the server"),
  }),
);

export interface ProviderReferenceRoutes {
  providers: Pick<Providers, "get">;
  referencesTo: ReferencesTo;
  route: RouteOptions;
}

export function providerReferenceRoutes({ providers, referencesTo, route }: ProviderReferenceRoutes) {
  return new Elysia({ normalize: false }).get(
    "/api/v1/admin/providers/:id/references",
    ({ params }) => referencesTo(providers.get(params.id).id),
    {
      ...route.plain({
        scope: ADMIN,
        tag: "Providers",
        summary: "List what names the models of a provider",
        description:
          "What names a model as `<provider>/<model>` asks another provider once this one is gone.",
      }),
      params: t.Object({ id: ProviderId }),
      response: { 200: ReferencesAnswer, ...failures(403, 404) },
    },
  );
}
