// Puts what an integration registered into the server's registries: all of it, or nothing.

import type { Carapace } from "../../content/carapaces/carapace.ts";
import type { Skill } from "../../content/skills/skill.ts";
import type { Template } from "../../content/templates/template.ts";
import type { RegisteredHook, RegisteredTool } from "../../sdk/backend.ts";
import type { Dispatcher } from "../../sdk/types.ts";

/** The server's registries. Each sets all that an owner has there, and throws when it cannot take it. */
export interface Sinks {
  tools: { replaceOwner(owner: string, tools: RegisteredTool[]): void };
  dispatchers: { replaceOwner(owner: string, dispatchers: ReadonlyMap<string, Dispatcher>): void };
  hooks: { replaceOwner(owner: string, hooks: RegisteredHook[]): void };
  skills: { replaceOwner(owner: string, skills: Skill[]): void };
  carapaces: { replaceOwner(owner: string, carapaces: Carapace[]): void };
  templates: { replaceOwner(owner: string, templates: Template[]): void };
}

export interface Registered {
  tools: RegisteredTool[];
  dispatchers: ReadonlyMap<string, Dispatcher>;
  hooks: RegisteredHook[];
  skills: Skill[];
  carapaces: Carapace[];
  templates: Template[];
}

const NOTHING: Registered = {
  tools: [],
  dispatchers: new Map(),
  hooks: [],
  skills: [],
  carapaces: [],
  templates: [],
};

/** Replaces `previous` by `next`; when a registry refuses, all is as before and its error is thrown. */
export function replaceRegistered(
  { tools, dispatchers, hooks, skills, carapaces, templates }: Sinks,
  owner: string,
  previous: Registered = NOTHING,
  next: Registered = NOTHING,
): void {
  const steps = [
    ({ tools: own }: Registered) => tools.replaceOwner(owner, own),
    ({ dispatchers: own }: Registered) => dispatchers.replaceOwner(owner, own),
    ({ hooks: own }: Registered) => hooks.replaceOwner(owner, own),
    ({ skills: own }: Registered) => skills.replaceOwner(owner, own),
    ({ carapaces: own }: Registered) => carapaces.replaceOwner(owner, own),
    ({ templates: own }: Registered) => templates.replaceOwner(owner, own),
  ];
  const done: typeof steps = [];
  try {
    for (const step of steps) {
      step(next);
      done.push(step);
    }
  } catch (error) {
    for (const step of done.reverse()) step(previous);
    throw error;
  }
}

/** What of `wanted` another integration has already, in words, and whose it is. */
export function findClash(
  id: string,
  wanted: Registered,
  live: Iterable<[id: string, registered: Registered]>,
): { what: string; owner: string } | undefined {
  for (const [owner, registered] of live) {
    if (owner === id) continue;
    const tool = wanted.tools.find(({ name }) => registered.tools.some((other) => other.name === name));
    if (tool) return { what: `Tool "${tool.name}"`, owner };
    const type = [...wanted.dispatchers.keys()].find((type) => registered.dispatchers.has(type));
    if (type !== undefined) return { what: `Dispatcher "${type}"`, owner };
    // Skills and templates are named after their integration.
    const carapace = wanted.carapaces.find(({ id }) => registered.carapaces.some((other) => other.id === id));
    if (carapace) return { what: `Carapace "${carapace.id}"`, owner };
  }
}
