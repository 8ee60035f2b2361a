// Puts everything that an integration registered into the server's registries, or nothing.

import type { Carapace } from "../../content/carapaces/carapace.ts";
import type { Skill } from "../../content/skills/skill.ts";
import type { Template } from "../../content/templates/template.ts";
import type {
  RegisteredHook,
  RegisteredLifecycle,
  RegisteredListener,
  RegisteredOAuth,
  RegisteredTool,
} from "../../sdk/backend.ts";
import type { Dispatcher } from "../../sdk/types.ts";

export interface Registered {
  tools: RegisteredTool[];
  dispatchers: ReadonlyMap<string, Dispatcher>;
  hooks: RegisteredHook[];
  lifecycle: RegisteredLifecycle[];
  listeners: RegisteredListener[];
  accounts: RegisteredOAuth[];
  skills: Skill[];
  carapaces: Carapace[];
  templates: Template[];
}

type Kind = keyof Registered;

/** The server's registries, one per kind. Each replaces all items of an owner, or throws. */
export type Sinks = { [K in Kind]: { replaceOwner(owner: string, own: Registered[K]): void } };

const NOTHING: Registered = {
  tools: [],
  dispatchers: new Map(),
  hooks: [],
  lifecycle: [],
  // Before the listeners, which may ask whether somebody has signed in.
  accounts: [],
  listeners: [],
  skills: [],
  carapaces: [],
  templates: [],
};

const KINDS = Object.keys(NOTHING) as Kind[];

/** Names that must be unique over all integrations. Skills and templates carry their integration's id; hooks and lifecycle callbacks have no names, and listeners and accounts are named within their integration. */
const NAMES: { what: string; of(registered: Registered): Iterable<string> }[] = [
  { what: "Tool", of: ({ tools }) => tools.map(({ name }) => name) },
  { what: "Dispatcher", of: ({ dispatchers }) => dispatchers.keys() },
  { what: "Carapace", of: ({ carapaces }) => carapaces.map(({ id }) => id) },
];

/** Replaces `previous` by `next`. When a registry refuses, everything stays as before and its error is thrown. */
export function replaceRegistered(
  sinks: Sinks,
  owner: string,
  previous: Registered = NOTHING,
  next: Registered = NOTHING,
): void {
  const done: Kind[] = [];
  try {
    for (const kind of KINDS) {
      put(sinks, kind, owner, next);
      done.push(kind);
    }
  } catch (error) {
    for (const kind of done.reverse()) put(sinks, kind, owner, previous);
    throw error;
  }
}

function put<K extends Kind>(sinks: Sinks, kind: K, owner: string, registered: Registered): void {
  sinks[kind].replaceOwner(owner, registered[kind]);
}

/** The first name of `wanted` that another integration has registered, and that integration's id. */
export function findClash(
  id: string,
  wanted: Registered,
  live: Iterable<[id: string, registered: Registered]>,
): { what: string; owner: string } | undefined {
  for (const [owner, registered] of live) {
    if (owner === id) continue;
    for (const { what, of } of NAMES) {
      const taken = new Set(of(registered));
      const name = [...of(wanted)].find((name) => taken.has(name));
      if (name !== undefined) return { what: `${what} "${name}"`, owner };
    }
  }
}
