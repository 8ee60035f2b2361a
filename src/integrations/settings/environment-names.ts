// Decides which integration may read a variable of the server's environment: never Heddle's own variables, and never those of
// another integration. A refused integration can still be given the value as a stored setting.

import type { Logger } from "../../log.ts";

export interface EnvironmentNamesOptions {
  environment: Readonly<Record<string, string | undefined>>;
  isOwnVariable(name: string): boolean;
  /** The ids of all integrations, loaded or not. */
  ids(): readonly string[];
  /** Integrations under development, for which their author sets the variables. */
  favoured?: readonly string[];
  log: Pick<Logger, "warning">;
}

/** The value for an integration; undefined also when the variable belongs to another one. */
export type ReadEnvironment = (integrationId: string, name: string) => string | undefined;

export function createEnvironmentNames(options: EnvironmentNamesOptions): ReadEnvironment {
  const { environment, isOwnVariable, ids, favoured = [], log } = options;
  /** The integration that first read a name without an owner's prefix. */
  const claims = new Map<string, string>();
  const told = new Set<string>();

  function ownerOf(name: string, asking: string): string {
    if (favoured.includes(asking)) return asking;
    const known = ids();
    const named = namesake(name, known);
    if (named !== undefined) return named;
    const claim = claims.get(name);
    if (claim !== undefined && known.includes(claim)) return claim;
    claims.set(name, asking);
    return asking;
  }

  return (asking, name) => {
    // Inherited properties do not count: a name may be "constructor".
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined || value.trim() === "") return undefined;
    const owner = isOwnVariable(name) ? "Heddle itself" : ownerOf(name, asking);
    if (owner === asking) return value;
    if (!told.has(`${asking} ${name}`)) {
      told.add(`${asking} ${name}`);
      log.warning(
        "{id} does not get {name} from the environment, because the name belongs to {owner}: if {id} is to have a value, store it as its setting.",
        { id: asking, name, owner },
      );
    }
    return undefined;
  };
}

/** The longest id that the name begins with: GITHUB_TOKEN belongs to "github", MY_CRM_URL to "my-crm". */
function namesake(name: string, ids: readonly string[]): string | undefined {
  let longest: string | undefined;
  const lower = name.toLowerCase().replaceAll("-", "_");
  for (const id of ids) {
    if (longest !== undefined && id.length <= longest.length) continue;
    if (lower.length !== id.length && lower[id.length] !== "_") continue;
    if (lower.startsWith(id.replaceAll("-", "_"))) longest = id;
  }
  return longest;
}
