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
    id: t.String(),
    name: t.String(),
    description: t.String(),
    ...ContentSource,
    skills: t.Array(SkillEntry),
    local_tools: t.Array(t.String()),
    mcp_tools: t.Array(t.String()),
    pinned_tools: t.Array(t.String()),
    system_prompt_fragment: t.String(),
    includes: t.Array(t.String()),
    delegates: t.Array(
      t.Object({
        id: t.String(),
        type: t.Optional(t.String()),
        description: t.Optional(t.String()),
        model_tier: t.Optional(t.String()),
      }),
    ),
    tags: t.Array(t.String()),
    requires: t.Object({ tools: t.Array(t.String()) }),
  }),
);

const Resolved = named(
  "ResolvedCapabilities",
  t.Object(
    {
      carapaces: t.Array(t.String(), {
        description: "The carapace and all that it includes, each once; included ones come first.",
      }),
      tools: t.Array(t.String()),
      skills: t.Array(t.String(), { description: "Pinned skills, whose text is in every run." }),
      on_demand_skills: t.Array(t.String()),
      fragments: t.Array(t.Object({ id: t.String(), text: t.String() })),
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
