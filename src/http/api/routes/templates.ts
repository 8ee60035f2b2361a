import { t } from "elysia";
import { activationIn } from "../../../capabilities/activated.ts";
import type { ActivatableIntegration } from "../../../capabilities/activations.ts";
import type { HomeFiles } from "../../../content/home-files.ts";
import { isCompatible, isMadeFor, type TemplateIntegration } from "../../../content/templates/compatible.ts";
import type { Template } from "../../../content/templates/template.ts";
import type { Templates } from "../../../content/templates/templates.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { INTEGRATION_FILTER, integrationIn } from "../list.ts";
import type { RouteOptions } from "../route-options.ts";
import { nullable } from "../schemas.ts";
import { ContentFileText, ContentSource, contentFileText, contentRoutes, contentSource } from "./content.ts";

const TemplateAnswer = named(
  "Template",
  t.Object({
    id: t.String({ description: "The id by which channels refer to it." }),
    name: t.String({ description: "The name that people see." }),
    description: t.String({ description: "What work it is for." }),
    category: t.String({
      description: "A group of templates; workspace_schema unless the file says otherwise.",
    }),
    tags: t.Array(t.String(), {
      description: "Words to find it by, and integration:<id> for each integration that it is made for.",
    }),
    ...ContentSource,
    version: nullable(t.String(), "Its own version, if the file has one."),
    min_versions: t.Record(t.String(), t.String(), {
      description: "The minimum versions of integrations that it works with.",
    }),
    compatible_with: t.Array(t.String(), {
      description: "The running integrations that it is made for and whose version is high enough.",
    }),
    compatible: t.Boolean({
      description: "Whether it fits the integration in the query or, without one, any running integration.",
    }),
  }),
);

const FILTERS = {
  ...INTEGRATION_FILTER,
  category: t.Optional(t.String({ description: "Only templates of this category." })),
  tag: t.Optional(t.String({ description: "Only templates with this tag." })),
};

export interface TemplateRoutes {
  templates: Pick<Templates, "get" | "list">;
  integrations: { list(): Pick<ActivatableIntegration, "id" | "version" | "isLive" | "setup">[] };
  homeFiles: HomeFiles;
  route: RouteOptions;
}

export function templateRoutes({ templates, integrations, homeFiles, route }: TemplateRoutes) {
  const running = (): TemplateIntegration[] =>
    integrations
      .list()
      .filter(({ isLive }) => isLive)
      .map(({ id, version, setup }) => {
        const compatibleTemplates = activationIn(setup)?.compatible_templates ?? [];
        return { id, version, compatibleTemplates };
      });

  return contentRoutes({
    route,
    kind: "template",
    plural: "templates",
    example: "---\nname: Board\n---\nKeep open points in the file todo.md.\n",
    homeFiles,
    tag: "Templates",
    description:
      "Texts that tell bots how the work in a channel is organised. `integration` limits the list to templates made for it, in any version.",
    shows: "a template with its text",
    Item: TemplateAnswer,
    Detail: t.Object({
      ...TemplateAnswer.properties,
      text: t.String({ description: "Markdown." }),
      ...ContentFileText,
    }),
    filters: FILTERS,
    list: ({ category, tag, ...query }) => {
      const integration = integrationIn(query);
      const all = running();
      const known = all.find(({ id }) => id === integration);
      const wanted = known ?? { id: integration ?? "", version: null, compatibleTemplates: [] };
      return templates
        .list()
        .filter((template) => integration === undefined || isMadeFor(template, wanted))
        .filter((template) => category === undefined || template.category === category)
        .filter((template) => tag === undefined || template.tags.includes(tag))
        .map((template) => present(template, all, integration));
    },
    find: async (id) => {
      const template = templates.get(id);
      if (!template) return undefined;
      const file = contentFileText(await homeFiles.read(template));
      return { ...present(template, running(), undefined), text: template.text, ...file };
    },
  });
}

function present(template: Template, running: TemplateIntegration[], wanted: string | undefined) {
  const { id, name, description, category, tags, version, min_versions } = template;
  const compatible_with = running
    .filter((integration) => isCompatible(template, integration))
    .map((integration) => integration.id);
  return {
    id,
    name,
    description,
    category,
    tags,
    ...contentSource(template),
    version,
    min_versions,
    compatible_with,
    compatible: wanted === undefined ? compatible_with.length > 0 : compatible_with.includes(wanted),
  };
}
