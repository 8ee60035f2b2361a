import { Elysia, t } from "elysia";
import { activationIn } from "../../../capabilities/activated.ts";
import type { ActivatableIntegration } from "../../../capabilities/activations.ts";
import { isCompatible, isMadeFor, type TemplateIntegration } from "../../../content/templates/compatible.ts";
import type { Template } from "../../../content/templates/template.ts";
import type { Templates } from "../../../content/templates/templates.ts";
import { notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import {
  ContentParams,
  ContentSource,
  contentSource,
  IdPageQuery,
  NextCursor,
  nullable,
  pageById,
  RestOfPath,
} from "../schemas.ts";

const tag = "Templates";

const TemplateAnswer = named(
  "Template",
  t.Object({
    id: t.String(),
    name: t.String(),
    description: t.String(),
    category: t.String(),
    tags: t.Array(t.String()),
    ...ContentSource,
    version: nullable(t.String()),
    min_versions: t.Record(t.String(), t.String(), {
      description: "The least versions of integrations that it works with.",
    }),
    compatible_with: t.Array(t.String(), {
      description: "The running integrations that it is made for, and whose version is high enough.",
    }),
    compatible: t.Boolean({
      description: "Whether it fits the integration that was asked for; without one, any that runs.",
    }),
  }),
);

const ListQuery = t.Object(
  {
    integration: t.Optional(
      t.String({ description: "Only templates that are made for this one, in whatever version." }),
    ),
    category: t.Optional(t.String()),
    tag: t.Optional(t.String()),
    ...IdPageQuery,
  },
  { additionalProperties: false },
);

export interface TemplateRoutes {
  templates: Pick<Templates, "get" | "list">;
  integrations: { list(): Pick<ActivatableIntegration, "id" | "version" | "isLive" | "setup">[] };
  route: RouteOptions;
}

export function templateRoutes({ templates, integrations, route }: TemplateRoutes) {
  const running = (): TemplateIntegration[] =>
    integrations
      .list()
      .filter(({ isLive }) => isLive)
      .map(({ id, version, setup }) => {
        const compatibleTemplates = activationIn(setup)?.compatible_templates ?? [];
        return { id, version, compatibleTemplates };
      });

  const fetchOne = (id: string) => {
    const template = templates.get(id);
    if (!template) throw notFound("template", id);
    return { ...present(template, running(), undefined), text: template.text };
  };
  const documented = {
    ...route.plain({
      scope: "templates:read",
      tag,
      summary: "Fetch a template with its text",
      description: "Slashes in the id may be encoded, or stand as they are.",
    }),
    params: ContentParams,
    response: {
      200: t.Object({ ...TemplateAnswer.properties, text: t.String({ description: "Markdown." }) }),
      ...failures(403, 404, 422),
    },
  };

  return (
    new Elysia({ prefix: "/api/v1/templates", normalize: false })
      .get(
        "",
        ({ query: { integration, category, tag, ...page } }) => {
          const all = running();
          const known = all.find(({ id }) => id === integration);
          const asked = known ?? { id: integration ?? "", version: null, compatibleTemplates: [] };
          const wanted = templates
            .list()
            .filter((template) => integration === undefined || isMadeFor(template, asked))
            .filter((template) => category === undefined || template.category === category)
            .filter((template) => tag === undefined || template.tags.includes(tag));
          const { rows, next_cursor } = pageById(wanted, page);
          return { templates: rows.map((template) => present(template, all, integration)), next_cursor };
        },
        {
          ...route.plain({
            scope: "templates:read",
            tag,
            summary: "List templates",
            description: "Texts that tell bots how the work in a channel is laid out.",
          }),
          query: ListQuery,
          response: {
            200: t.Object({ templates: t.Array(TemplateAnswer), next_cursor: NextCursor }),
            ...failures(403, 422),
          },
        },
      )
      .get("/:id", ({ params }) => fetchOne(params.id), documented)
      // Written out, an id's slashes are parts of the path.
      .get("/*", ({ params }) => fetchOne(params["*"]), {
        ...documented,
        params: RestOfPath,
        detail: { hide: true },
      })
  );
}

function present(template: Template, running: TemplateIntegration[], asked: string | undefined) {
  const { id, name, description, category, tags, version, min_versions, origin } = template;
  const compatible_with = running
    .filter((integration) => isCompatible(template, integration))
    .map((integration) => integration.id);
  return {
    id,
    name,
    description,
    category,
    tags,
    ...contentSource(origin),
    version,
    min_versions,
    compatible_with,
    compatible: asked === undefined ? compatible_with.length > 0 : compatible_with.includes(asked),
  };
}
