// Whose is a variable of the server's environment? An integration gets the values that are meant for it: never Heddle's own,
// never another integration's. Whoever is refused can still be given a value, as a stored setting.

import type { Logger } from "../../log.ts";

export interface EnvironmentNamesOptions {
  environment: Readonly<Record<string, string | undefined>>;
  isOwnVariable(name: string): boolean;
  /** The integrations that there are, whether or not they are loaded. */
  ids(): readonly string[];
  /** Those that somebody writes just now: what their author has set is for them. */
  favoured?: readonly string[];
  log: Pick<Logger, "warning">;
}

/** What an integration that asks finds; undefined also where the value is somebody else's. */
export type ReadEnvironment = (integrationId: string, name: string) => string | undefined;

export function createEnvironmentNames(options: EnvironmentNamesOptions): ReadEnvironment {
  const { environment, isOwnVariable, ids, favoured = [], log } = options;
  /** Who asked first for a name that says nothing about whose it is. */
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
    // Not what every object has: a name may be "constructor".
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

/** GITHUB_TOKEN is "github"'s, and MY_CRM_URL "my-crm"'s: the longest id that the name begins with. */
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
