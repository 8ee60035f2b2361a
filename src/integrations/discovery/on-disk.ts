// The integrations on the disk, loaded or not. The registry writes it; parts that must not depend on the registry read it.

import type { FoundIntegration } from "./discover.ts";

export interface IntegrationsOnDisk {
  set(found: readonly FoundIntegration[]): void;
  get(id: string): FoundIntegration | undefined;
  ids(): string[];
}

export function createIntegrationsOnDisk(): IntegrationsOnDisk {
  let byId = new Map<string, FoundIntegration>();
  return {
    set(found) {
      byId = new Map(found.map((one) => [one.id, one]));
    },
    get: (id) => byId.get(id),
    ids: () => [...byId.keys()],
  };
}
