import type { JsonObject } from "../db/schema.ts";
import type { DispatchConfig } from "../sdk/types.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Dispatchers } from "./registry.ts";

/** Checks a config against its type and seals its secrets. Throws `validation`. */
export type SealConfig = (config: DispatchConfig) => Promise<JsonObject>;

export interface SealConfigOptions {
  dispatchers: Pick<Dispatchers, "get" | "check">;
  vault: Pick<Vault, "sealConfig">;
  /** Resolves when the integrations have loaded: until then a dispatch type may be missing that will be there. */
  settled: Promise<unknown>;
}

export function createSealConfig({ dispatchers, vault, settled }: SealConfigOptions): SealConfig {
  return async (config) => {
    if (!dispatchers.get(config.type)) await settled;
    return vault.sealConfig(dispatchers.check(config));
  };
}
