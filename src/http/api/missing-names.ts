// Finds names in a body that do not exist. It waits until the integrations have loaded, because what is still loading
// is not missing.

import type { MissingNames, MissingNamesThere } from "../../capabilities/missing-names.ts";
import { namesTool, referenceOf, type ToolNamesThere, toolNamed } from "../../capabilities/tool-patterns.ts";
import { notFound } from "../../errors.ts";

export interface NamesThere {
  missingNames: MissingNames;
  tools: ToolNamesThere;
  dispatchers: { get(type: string): object | undefined };
  integrations: { whenReady: Promise<unknown>; ids(): readonly string[] };
}

/** @throws HeddleError `not_found` naming the field: a rule about an integration that does not exist would never apply, and nobody would notice. */
export type NeedIntegration = (id: string, field: string) => Promise<void>;

/** Finds the name in a scope, such as github in "integrations.github.store:read". */
const NAMED_PART = /^(tools|dispatch|integrations)\.([A-Za-z0-9_-]+)[.:]/;
/** Finds the reference in "tools.mcp:github/get_pr:use". */
const OF_MCP = /^tools\.(mcp:.+):[a-z*]+$/;

export function createNamesThere({ missingNames, tools, dispatchers, integrations }: NamesThere) {
  const onceLoaded =
    <Given>(find: (given: Given) => string[]) =>
    async (given: Given): Promise<string[]> => {
      if (find(given).length > 0) await integrations.whenReady;
      return find(given);
    };
  const missingIn: MissingNamesThere = onceLoaded(missingNames);

  const isOfMcp = (reference: string): boolean => {
    const isNamed = namesTool([reference]);
    return tools.list().some((tool) => isNamed(referenceOf(tool)));
  };
  const KINDS: Record<string, { kind: string; isThere: (name: string) => boolean }> = {
    tools: { kind: "tool", isThere: (name) => toolNamed(name, tools) !== undefined },
    dispatch: { kind: "dispatch type", isThere: (name) => dispatchers.get(name) !== undefined },
    integrations: { kind: "integration", isThere: (name) => integrations.ids().includes(name) },
  };
  const missingInScopes = onceLoaded((scopes: readonly string[]) =>
    scopes.flatMap((scope) => {
      const reference = OF_MCP.exec(scope)?.[1];
      if (reference !== undefined) {
        return isOfMcp(reference)
          ? []
          : [`The scope ${scope} is for "${reference}", and no MCP server has such a tool.`];
      }
      const [, part = "", name = ""] = NAMED_PART.exec(scope) ?? [];
      const of = KINDS[part];
      return !of || of.isThere(name)
        ? []
        : [`The scope ${scope} is for the ${of.kind} "${name}", which does not exist.`];
    }),
  );
  const needIntegration: NeedIntegration = async (id, field) => {
    if (!integrations.ids().includes(id)) await integrations.whenReady;
    if (!integrations.ids().includes(id)) throw notFound("integration", id, field);
  };
  return { missingIn, missingInScopes, needIntegration };
}
