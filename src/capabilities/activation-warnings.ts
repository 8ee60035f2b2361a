import type { Carapace } from "../content/carapaces/carapace.ts";
import type { CapabilitySources, CarapaceInput, ToolInput } from "./effective-set.ts";
import { carapacesOf, ownTools, toolsOf } from "./effective-set.ts";
import { isPattern, namesTool } from "./tool-patterns.ts";

/** Something that will not work in a channel, and why; it does not prevent the activation. */
export interface ActivationWarning {
  /** Null if it applies to every bot. */
  bot_id: string | null;
  /** Id of a carapace or an integration. */
  feature: string;
  description: string;
  missing_tools: string[];
}

export interface ActivationWarningsInput {
  sources: Pick<CapabilitySources, "carapaces" | "activationOf">;
  /** The channel, with the integration already among its activations. */
  channel: CarapaceInput["channel"] & ToolInput["channel"];
  /** The bots that work in the channel; an `id` of null stands for any bot. */
  bots: (CarapaceInput["bot"] & ToolInput["bot"] & { id: string | null })[];
  hasTool(name: string): boolean;
}

/** Returns what an activation brings that does not work for the channel's bots. A pure function. */
export function activationWarnings(id: string, input: ActivationWarningsInput): ActivationWarning[] {
  const { sources, channel, bots, hasTool } = input;
  const includes = sources.activationOf(id)?.includes ?? [];
  const added = carapacesOf(sources, onlyActivated(id));
  return [
    ...includes
      .filter((included) => !sources.activationOf(included))
      .map((included) => ({
        bot_id: null,
        feature: included,
        description: `The integration "${included}", which "${id}" includes, is not running or has nothing to activate.`,
        missing_tools: [],
      })),
    ...added.problems.map((description) => ({ bot_id: null, feature: id, description, missing_tools: [] })),
    ...bots.flatMap((bot) => {
      const { own, disabled } = ownTools({ bot, channel }, carapacesOf(sources, { bot, channel }).carapaces);
      const [isOwn, isDisabled] = [namesTool(own), namesTool(disabled)];
      const isThere = (name: string) => hasTool(name) && isOwn(name) && !isDisabled(name);
      return added.carapaces
        .map((carapace) => missingTools(bot.id, carapace, isThere))
        .filter((warning) => warning.missing_tools.length > 0);
    }),
  ];
}

/** A channel with nothing but this integration. */
export const onlyActivated = (id: string): CarapaceInput => ({
  bot: { carapaces: [] },
  channel: { carapaces: [], carapaces_disabled: [], activations: [id] },
});

function missingTools(
  bot_id: string | null,
  carapace: Carapace,
  isThere: (name: string) => boolean,
): ActivationWarning {
  const named = toolsOf(carapace).filter((name) => !isPattern(name));
  const missing_tools = [...new Set([...carapace.requires.tools, ...named])].filter((name) => !isThere(name));
  const who = bot_id === null ? "no bot has" : `the bot "${bot_id}" does not have`;
  const description = `"${carapace.name}" uses tools that ${who} in this channel: ${missing_tools.join(", ")}.`;
  return { bot_id, feature: carapace.id, description, missing_tools };
}
