// What a body names that is not there, told once the integrations have loaded: what is on its way is not missing.

import type { MissingNames, MissingNamesThere } from "../../capabilities/missing-names.ts";

export interface NamesThere {
  missingNames: MissingNames;
  tools: { get(name: string): object | undefined };
  dispatchers: { get(type: string): object | undefined };
  integrations: { whenReady: Promise<unknown>; ids(): readonly string[] };
}

/** "integrations.github.store:read" is about github. */
const NAMED_PART = /^(tools|dispatch|integrations)\.([A-Za-z0-9_-]+)[.:]/;

export function createNamesThere({ missingNames, tools, dispatchers, integrations }: NamesThere) {
  const onceLoaded =
    <Given>(find: (given: Given) => string[]) =>
    async (given: Given): Promise<string[]> => {
      if (find(given).length > 0) await integrations.whenReady;
      return find(given);
    };
  const missingIn: MissingNamesThere = onceLoaded(missingNames);

  const KINDS: Record<string, { kind: string; isThere: (name: string) => boolean }> = {
    tools: { kind: "tool", isThere: (name) => tools.get(name) !== undefined },
    dispatch: { kind: "dispatch type", isThere: (name) => dispatchers.get(name) !== undefined },
    integrations: { kind: "integration", isThere: (name) => integrations.ids().includes(name) },
  };
  const scopesOfNothing = onceLoaded((scopes: readonly string[]) =>
    scopes.flatMap((scope) => {
      const [, part = "", name = ""] = NAMED_PART.exec(scope) ?? [];
      const of = KINDS[part];
      return !of || of.isThere(name)
        ? []
        : [`There is no ${of.kind} "${name}", which the scope ${scope} is for.`];
    }),
  );
  return { missingIn, scopesOfNothing };
}
