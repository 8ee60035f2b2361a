import { t } from "elysia";
import type { CapabilitiesOf } from "../../../capabilities/effective-set.ts";
import type { MissingNames } from "../../../capabilities/missing-names.ts";
import type { Carapace } from "../../../content/carapaces/carapace.ts";
import type { Carapaces } from "../../../content/carapaces/carapaces.ts";
import type { HomeFiles } from "../../../content/home-files.ts";
import { SkillEntry } from "../../../content/skills/skill.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { RouteOptions } from "../route-options.ts";
import { ContentFileText, ContentSource, contentFileText, contentRoutes, contentSource } from "./content.ts";
import { Resolved, resolve } from "./resolved.ts";

const CarapaceAnswer = named(
  "Carapace",
  t.Object({
    id: t.String({ description: "The id by which bots and channels refer to it." }),
    name: t.String({ description: "The name that people see." }),
    description: t.String({ description: "What it is for." }),
    ...ContentSource,
    skills: t.Array(SkillEntry, { description: "Its skills." }),
    local_tools: t.Array(t.String(), { description: "Names of tools; * matches any text." }),
    mcp_tools: t.Array(t.String(), { description: "Names of tools of MCP servers." }),
    pinned_tools: t.Array(t.String(), {
      description: "Tools that are offered whatever the message is about.",
    }),
    system_prompt_fragment: t.String({ description: "Text that it adds to the system prompt." }),
    includes: t.Array(t.String(), { description: "Ids of carapaces that precede it." }),
    delegates: t.Array(
      t.Object({
        id: t.String({ description: "Id of a carapace or a bot." }),
        type: t.Optional(t.String({ description: "carapace or bot." })),
        description: t.Optional(t.String({ description: "What is delegated to it." })),
        model_tier: t.Optional(t.String({ description: "The kind of model that it should use." })),
      }),
      { description: "Bots to which work can be delegated; carapaces are stored and shown only." },
    ),
    tags: t.Array(t.String(), { description: "Words to find it by." }),
    requires: t.Object(
      { tools: t.Array(t.String(), { description: "Tools whose absence causes a warning." }) },
      { description: "What it requires." },
    ),
  }),
);

export interface CarapaceRoutes {
  carapaces: Pick<Carapaces, "get" | "list">;
  capabilitiesOf: CapabilitiesOf;
  missingNames: MissingNames;
  homeFiles: HomeFiles;
  route: RouteOptions;
}

export function carapaceRoutes({
  carapaces,
  capabilitiesOf,
  missingNames,
  homeFiles,
  route,
}: CarapaceRoutes) {
  return contentRoutes({
    route,
    kind: "carapace",
    plural: "carapaces",
    example: "name: On call\nlocal_tools: [search_documents]\nsystem_prompt_fragment: Be brief.\n",
    homeFiles,
    tag: "Carapaces",
    description: "Bundles of tools, skills and prompt text that a bot or a channel can have.",
    shows: "a carapace and what it resolves to",
    Item: CarapaceAnswer,
    Detail: t.Object({ ...CarapaceAnswer.properties, resolved: Resolved, ...ContentFileText }),
    list: () => carapaces.list().map(present),
    find: async (id) => {
      const carapace = carapaces.get(id);
      if (!carapace) return undefined;
      const ids = [carapace.id];
      const resolved = {
        ...resolve(capabilitiesOf, { tools: [], skills: [], carapaces: ids }),
        warnings: missingNames({ carapaces: ids }),
      };
      return { ...present(carapace), resolved, ...contentFileText(await homeFiles.read(carapace)) };
    },
  });
}

const present = ({ origin, file: _server, path, ...carapace }: Carapace) => ({
  ...carapace,
  ...contentSource({ origin, path }),
});
