// Finds the names in a bot, a channel or an execution_config to which nothing belongs. Tools, skills, carapaces and templates
// come and go with files and integrations, so such a name is stored, and its author is warned in the words that a run would use.

import type { Carapaces } from "../content/carapaces/carapaces.ts";
import { type CapabilitiesOf, type CapabilityInput, PLAIN_CHANNEL, PLAIN_MESSAGE } from "./effective-set.ts";
import { type ToolNamesThere, unknownInRules, unknownTools } from "./tool-patterns.ts";

/** The fields of a bot, a channel or an execution_config that name something of this kind. */
export interface NamingFields {
  tools?: readonly string[];
  tools_disabled?: readonly string[];
  /** Tools that a policy is about. */
  ruled?: readonly string[];
  skills?: CapabilityInput["bot"]["skills"];
  carapaces?: readonly string[];
  carapaces_disabled?: readonly string[];
  template_id?: string | null;
  model?: string | null;
  fallback_models?: readonly string[];
  model_override?: string | null;
}

/** Returns a sentence for each such name, including those in the carapaces that are named. */
export type MissingNames = (fields: NamingFields) => string[];

/** The same, once the integrations have loaded: what is still loading is not missing. */
export type MissingNamesThere = (fields: NamingFields) => Promise<string[]>;

export interface MissingNamesOptions {
  capabilitiesOf: CapabilitiesOf;
  carapaces: Pick<Carapaces, "get">;
  tools: ToolNamesThere;
  /** A warning about the name of a model, if there is reason for one. */
  doubtInModel: (name: string) => string | undefined;
}

export function createMissingNames(options: MissingNamesOptions): MissingNames {
  const { capabilitiesOf, carapaces, tools, doubtInModel } = options;
  return ({ tools: named = [], tools_disabled = [], ruled = [], carapaces_disabled = [], ...fields }) => {
    const found = capabilitiesOf({
      bot: { tools: named, skills: fields.skills ?? [], carapaces: fields.carapaces ?? [] },
      channel: { ...PLAIN_CHANNEL, carapaces_disabled, template_id: fields.template_id ?? null },
      message: PLAIN_MESSAGE,
    });
    const required = found.carapaces.flatMap((id) => carapaces.get(id)?.requires.tools ?? []);
    return [
      ...new Set([
        ...found.warnings,
        ...carapaces_disabled.filter((id) => !carapaces.get(id)).map((id) => `There is no carapace "${id}".`),
        ...unknownTools([...found.tools.own, ...required], tools),
        ...unknownInRules([...tools_disabled, ...ruled], tools),
        ...[fields.model, fields.model_override, ...(fields.fallback_models ?? [])].flatMap(
          (name) => (name && doubtInModel(name)) || [],
        ),
      ]),
    ];
  };
}
