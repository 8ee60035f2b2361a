// Which integrations there are on the disk, loaded or not: the registry keeps it, whoever must not depend on it reads here.

import type { FoundIntegration } from "./discover.ts";

export interface Directory {
  set(found: readonly FoundIntegration[]): void;
  get(id: string): FoundIntegration | undefined;
  ids(): string[];
}

export function createDirectory(): Directory {
  let byId = new Map<string, FoundIntegration>();
  return {
    set(found) {
      byId = new Map(found.map((one) => [one.id, one]));
    },
    get: (id) => byId.get(id),
    ids: () => [...byId.keys()],
  };
}
