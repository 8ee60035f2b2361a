// What a bot or a carapace comes to, once everything that it names is looked up.

import { t } from "elysia";
import {
  type CapabilitiesOf,
  type CapabilityInput,
  PLAIN_CHANNEL,
  PLAIN_MESSAGE,
} from "../../../capabilities/effective-set.ts";
import { named } from "../../../schema/openapi-schema.ts";

export const Resolved = named(
  "ResolvedCapabilities",
  t.Object(
    {
      carapaces: t.Array(t.String(), {
        description: "All carapaces, each once; included ones come before those that include them.",
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
    { description: "What a run gets of it in a channel that adds nothing." },
  ),
);

export function resolve(
  capabilitiesOf: CapabilitiesOf,
  { tools: own, skills: entries, carapaces: bundles }: CapabilityInput["bot"],
): Omit<(typeof Resolved)["static"], "warnings"> {
  const { carapaces, tools, skills, onDemand, fragments } = capabilitiesOf({
    bot: { tools: own, skills: entries, carapaces: bundles },
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
