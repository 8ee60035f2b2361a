// Decides which tools and dispatchers a message or a setting may name. They act outside with the operator's
// credentials, which scopes on rows do not cover; so the caller needs a scope for each one that is not available to
// it anyway.

import type { Caller } from "../../access/caller.ts";
import { covers, isScope } from "../../access/scopes.ts";
import { namesTool } from "../../capabilities/tool-patterns.ts";
import { HeddleError } from "../../errors.ts";

export interface ToolGrantsOptions {
  /** Returns the names of the integration's tools. */
  toolsOf: (integrationId: string) => string[];
  /** Returns the bots' tools, where `*` matches any text. Anyone who may write to a bot may use its tools. */
  bots: () => Promise<{ tools: readonly string[]; carapaces: readonly string[] }[]>;
  /** Whether no pattern brings the tool: a bot that has "*" does not have it. */
  isByNameOnly?: (tool: string) => boolean;
  /** Returns the tools that a bot gets from these carapaces and these activated integrations. */
  toolsIn: (brought: Brought) => string[];
  /** Returns the integration that has this dispatch type; null for a built-in or an unknown type. */
  dispatcherOf: (type: string) => string | null;
}

export interface Brought {
  carapaces?: readonly string[];
  activations?: readonly string[];
}

export interface ToolGrants {
  /** Throws `forbidden` for a tool that neither a bot nor the caller's integration has, unless a scope covers it. */
  tools(caller: Caller, names: readonly string[], field: string): Promise<void>;
  /** Applies the same rule to the tools of carapaces and activated integrations. */
  brought(caller: Caller, brought: Brought, field: string): Promise<void>;
  /** Throws `forbidden` for a dispatch type of another integration than the caller's, unless a scope covers it. */
  dispatcher(caller: Caller, type: string): void;
}

export function createToolGrants(options: ToolGrantsOptions): ToolGrants {
  const { toolsOf, bots, toolsIn, dispatcherOf, isByNameOnly = () => false } = options;
  const tools: ToolGrants["tools"] = async ({ scopes, integrationId }, names, field) => {
    const beyond = names.filter((name) => !mayUse(scopes, "tools", name));
    if (beyond.length === 0) return;
    const all = await bots();
    const known = [
      ...(integrationId === null ? [] : toolsOf(integrationId)),
      ...all.flatMap((bot) => bot.tools),
      ...toolsIn({ carapaces: all.flatMap(({ carapaces }) => carapaces) }),
    ];
    const free = namesTool(known);
    const refused = beyond.find((name) => !(isByNameOnly(name) ? known.includes(name) : free(name)));
    if (refused === undefined) return;
    const scope = `tools.${refused}:use`;
    throw new HeddleError(
      "forbidden",
      // A pattern cannot be part of a scope.
      `The API key needs the scope ${isScope(scope) ? `${scope} (or tools:use)` : "tools:use"} for "${refused}", which no bot has.`,
      { field },
    );
  };

  return {
    tools,
    async brought(caller, brought, field) {
      if (covers(caller.scopes, "tools:use")) return;
      await tools(caller, toolsIn(brought), field);
    },
    dispatcher({ scopes, integrationId }, type) {
      // Checked first, because most keys have the scope and searching the integrations costs more.
      if (mayUse(scopes, "dispatch", type)) return;
      const of = dispatcherOf(type);
      if (of === null || of === integrationId) return;
      throw new HeddleError(
        "forbidden",
        `The API key needs the scope dispatch.${type}:use (or dispatch:use) to have the integration "${of}" deliver.`,
        { field: "dispatch_config" },
      );
    },
  };
}

const mayUse = (scopes: readonly string[], kind: string, name: string): boolean =>
  covers(scopes, `${kind}:use`) || covers(scopes, `${kind}.${name}:use`);
