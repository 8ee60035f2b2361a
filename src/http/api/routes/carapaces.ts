import { t } from "elysia";
import { type CapabilitiesOf, PLAIN_CHANNEL, PLAIN_MESSAGE } from "../../../capabilities/effective-set.ts";
import type { MissingNames } from "../../../capabilities/missing-names.ts";
import type { Carapace } from "../../../content/carapaces/carapace.ts";
import type { Carapaces } from "../../../content/carapaces/carapaces.ts";
import { SkillEntry } from "../../../content/skills/skill.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { RouteOptions } from "../route-options.ts";
import { ContentSource, contentRoutes, contentSource } from "./content.ts";

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
      { description: "Carapaces and bots to which work can be delegated; stored and shown only." },
    ),
    tags: t.Array(t.String(), { description: "Words to find it by." }),
    requires: t.Object(
      { tools: t.Array(t.String(), { description: "Tools whose absence causes a warning." }) },
      { description: "What it requires." },
    ),
  }),
);

const Resolved = named(
  "ResolvedCapabilities",
  t.Object(
    {
      carapaces: t.Array(t.String(), {
        description: "The carapace and all that it includes, each once; included ones come first.",
      }),
      tools: t.Array(t.String(), { description: "Names of its tools; * matches any text." }),
      skills: t.Array(t.String(), { description: "Pinned skills, whose text is in every run." }),
      on_demand_skills: t.Array(t.String(), {
        description: "Skills that are listed, to be read with get_skill.",
      }),
      fragments: t.Array(
        t.Object({
          id: t.String({ description: "The carapace's id." }),
          text: t.String({ description: "Its system_prompt_fragment." }),
        }),
        { description: "Texts that are added to the system prompt, in this order." },
      ),
      warnings: t.Array(t.String(), { description: "Names that it refers to and that do not exist." }),
    },
    { description: "What a bot with only this carapace would get." },
  ),
);

export interface CarapaceRoutes {
  carapaces: Pick<Carapaces, "get" | "list">;
  capabilitiesOf: CapabilitiesOf;
  missingNames: MissingNames;
  route: RouteOptions;
}

export function carapaceRoutes({ carapaces, capabilitiesOf, missingNames, route }: CarapaceRoutes) {
  return contentRoutes({
    route,
    kind: "carapace",
    plural: "carapaces",
    tag: "Carapaces",
    description: "Bundles of tools, skills and prompt text that a bot or a channel can have.",
    shows: "a carapace and what it resolves to",
    Item: CarapaceAnswer,
    Detail: t.Object({ ...CarapaceAnswer.properties, resolved: Resolved }),
    list: () => carapaces.list().map(present),
    find: (id) => {
      const carapace = carapaces.get(id);
      if (!carapace) return undefined;
      const { id: named } = carapace;
      const resolved = { ...resolve(capabilitiesOf, named), warnings: missingNames({ carapaces: [named] }) };
      return { ...present(carapace), resolved };
    },
  });
}

const present = ({ origin, file: _server, ...carapace }: Carapace) => ({
  ...carapace,
  ...contentSource(origin),
});

function resolve(capabilitiesOf: CapabilitiesOf, id: string): Omit<(typeof Resolved)["static"], "warnings"> {
  const { carapaces, tools, skills, onDemand, fragments } = capabilitiesOf({
    bot: { tools: [], skills: [], carapaces: [id] },
    channel: PLAIN_CHANNEL,
    message: PLAIN_MESSAGE,
  });
  return {
    carapaces,
    tools: tools.own,
    skills: skills.map((skill) => skill.id),
    on_demand_skills: onDemand.map((skill) => skill.id),
    fragments,
  };
}
