// Dispatchers by type: the core's own and those of integrations, replaced together on a reload.

import { HeddleError } from "../errors.ts";
import { type DispatcherSchemas, dispatcherSchemas } from "../sdk/dispatcher-schemas.ts";
import type { DispatchConfig, Dispatcher, JsonObject } from "../sdk/types.ts";

export interface Dispatchers {
  /** Replaces all that the owner registered before. Throws `conflict` when a type is another owner's. */
  replaceOwner(owner: string, dispatchers: ReadonlyMap<string, Dispatcher>): void;
  get(type: string): Dispatcher | undefined;
  /** Who registered it: an integration, or "core". */
  ownerOf(type: string): string | undefined;
  typesOf(owner: string): string[];
  /** Throws `validation` with the field unless the config names a known type and fits its schema. */
  check(config: JsonObject): DispatchConfig;
  /**
   * Returns the fields as the dispatcher gets them: with the defaults of its schema. These are not stored, so that a changed
   * default counts for every place, as a setting's does.
   */
  withDefaults(type: string, fields: JsonObject): JsonObject;
  /** Throws Retryable unless the receipt is of the shape that the dispatcher has declared. */
  checkReceipt(type: string, receipt: unknown): void;
}

interface Registered {
  owner: string;
  dispatcher: Dispatcher;
  schemas: DispatcherSchemas;
}

export function createDispatchers(core: Record<string, Dispatcher>): Dispatchers {
  let byType = new Map<string, Registered>();

  const replaceOwner: Dispatchers["replaceOwner"] = (owner, dispatchers) => {
    const next = new Map([...byType].filter(([, registered]) => registered.owner !== owner));
    for (const [type, dispatcher] of dispatchers) {
      const other = next.get(type);
      if (other) {
        throw new HeddleError(
          "conflict",
          `Dispatcher type "${type}" is already registered by "${other.owner}".`,
        );
      }
      next.set(type, { owner, dispatcher, schemas: dispatcherSchemas(type, dispatcher) });
    }
    byType = next;
  };
  replaceOwner("core", new Map(Object.entries(core)));

  return {
    replaceOwner,
    get: (type) => byType.get(type)?.dispatcher,
    ownerOf: (type) => byType.get(type)?.owner,
    typesOf: (owner) => [...byType].filter(([, one]) => one.owner === owner).map(([type]) => type),
    check(config) {
      const { type, ...fields } = config;
      if (typeof type !== "string") {
        throw new HeddleError("validation", 'dispatch_config must have a "type".', {
          field: "dispatch_config.type",
        });
      }
      const registered = byType.get(type);
      if (!registered) {
        const known = [...byType.keys()].sort().join(", ");
        throw new HeddleError("validation", `dispatch_config.type must be one of ${known}; got "${type}".`, {
          field: "dispatch_config.type",
        });
      }
      registered.schemas.checkConfig(fields);
      return { ...fields, type };
    },
    withDefaults: (type, fields) => byType.get(type)?.schemas.withDefaults(fields) ?? fields,
    checkReceipt: (type, receipt) => byType.get(type)?.schemas.checkReceipt(receipt),
  };
}
