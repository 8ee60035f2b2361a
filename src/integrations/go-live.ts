// Puts what an integration registered into the server's registries: all of it, or nothing.

import type { RegisteredHook, RegisteredTool } from "../sdk/backend.ts";
import type { Dispatcher } from "../sdk/types.ts";

/** The server's registries. Each sets all that an owner has there, and throws when it cannot take it. */
export interface Sinks {
  tools: { replaceOwner(owner: string, tools: RegisteredTool[]): void };
  dispatchers: { replaceOwner(owner: string, dispatchers: ReadonlyMap<string, Dispatcher>): void };
  hooks: { replaceOwner(owner: string, hooks: RegisteredHook[]): void };
}

export interface Registered {
  tools: RegisteredTool[];
  dispatchers: ReadonlyMap<string, Dispatcher>;
  hooks: RegisteredHook[];
}

const NOTHING: Registered = { tools: [], dispatchers: new Map(), hooks: [] };

/** Replaces `previous` by `next`; when a registry refuses, all is as before and its error is thrown. */
export function replaceRegistered(
  { tools, dispatchers, hooks }: Sinks,
  owner: string,
  previous: Registered = NOTHING,
  next: Registered = NOTHING,
): void {
  const steps = [
    ({ tools: own }: Registered) => tools.replaceOwner(owner, own),
    ({ dispatchers: own }: Registered) => dispatchers.replaceOwner(owner, own),
    ({ hooks: own }: Registered) => hooks.replaceOwner(owner, own),
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
  }
}
