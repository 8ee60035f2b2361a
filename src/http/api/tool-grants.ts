// What a message or a setting may bring into a run besides what bots have anyway. Tools and dispatchers reach outside
// with the operator's credentials, where scopes on rows do not: who names one needs it, or a scope for it.

import type { Caller } from "../../access/caller.ts";
import { covers, isScope } from "../../access/scopes.ts";
import { namesTool } from "../../capabilities/tool-patterns.ts";
import { HeddleError } from "../../errors.ts";

export interface ToolGrantsOptions {
  /** Names of the tools that the integration brings. */
  toolsOf: (integrationId: string) => string[];
  /** The tools of the bots: `*` in a name stands for any text. Whoever may write to a bot has what it has. */
  bots: () => Promise<{ tools: readonly string[]; carapaces: readonly string[] }[]>;
  /** The tools, as a bot has them, of these carapaces and of what these integrations bring where they are activated. */
  toolsIn: (brought: Brought) => string[];
  /** The integration whose dispatch type it is; null for one of Heddle's own, and for one that nobody has. */
  dispatcherOf: (type: string) => string | null;
}

export interface Brought {
  carapaces?: readonly string[];
  activations?: readonly string[];
}

export interface ToolGrants {
  /** Throws `forbidden` for a tool that no bot and not the caller's integration has, without a scope for it. */
  tools(caller: Caller, names: readonly string[], field: string): Promise<void>;
  /** The same for what carapaces and activated integrations bring along. */
  brought(caller: Caller, brought: Brought, field: string): Promise<void>;
  /** Throws `forbidden` for a dispatch type of another integration than the caller's, without a scope for it. */
  dispatcher(caller: Caller, type: string): void;
}

export function createToolGrants({ toolsOf, bots, toolsIn, dispatcherOf }: ToolGrantsOptions): ToolGrants {
  const tools: ToolGrants["tools"] = async ({ scopes, integrationId }, names, field) => {
    const beyond = names.filter((name) => !mayUse(scopes, "tools", name));
    if (beyond.length === 0) return;
    const all = await bots();
    const free = namesTool([
      ...(integrationId === null ? [] : toolsOf(integrationId)),
      ...all.flatMap((bot) => bot.tools),
      ...toolsIn({ carapaces: all.flatMap(({ carapaces }) => carapaces) }),
    ]);
    const refused = beyond.find((name) => !free(name));
    if (refused === undefined) return;
    const scope = `tools.${refused}:use`;
    throw new HeddleError(
      "forbidden",
      // A pattern of names is no part of a scope.
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
      // Most keys may, and looking through the integrations costs more than the scopes.
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
