// The dispatch_config of a message: checked on arrival, sealed wherever it is stored.

import type { JsonObject } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { DispatchConfig } from "../sdk/types.ts";
import { fieldAt } from "../secrets/leaves.ts";
import { checkGiven, type FieldLocation, type Secrecy, type Vault } from "../secrets/vault.ts";
import { secrecyIn } from "./field-secrecy.ts";
import type { Dispatchers } from "./registry.ts";

export interface ConfigSealer {
  /** Seals the config, without its type, for the row and column that it is stored in. */
  seal(config: DispatchConfig, at: FieldLocation): JsonObject;
  /** `onSecret` is called with each secret in it. Throws `internal` for a config sealed for another row or column. */
  open(config: JsonObject, at: FieldLocation, onSecret?: (secret: string) => void): JsonObject;
}

/** Throws `validation` for a config that does not fit its type. */
export type CheckConfig = (config: DispatchConfig) => Promise<DispatchConfig>;

export interface ConfigSealerOptions {
  dispatchers: Pick<Dispatchers, "get">;
  vault: Pick<Vault, "sealConfig" | "openConfig">;
}

const MOST_KNOWN = 1_000;

export function createConfigSealer({ dispatchers, vault }: ConfigSealerOptions): ConfigSealer {
  /** A cache by schema and path: the configs of a dispatcher have the same fields again and again. */
  const known = new WeakMap<JsonObject, Map<string, Secrecy>>();
  const secrecyOf = (schema: JsonObject, path: readonly string[]): Secrecy => {
    const ofSchema = known.get(schema) ?? new Map<string, Secrecy>();
    known.set(schema, ofSchema);
    const key = fieldAt("", path);
    const secrecy = ofSchema.get(key) ?? secrecyIn(schema, path);
    // Where a schema allows any name, callers choose them, so the cache is bounded.
    if (ofSchema.size < MOST_KNOWN) ofSchema.set(key, secrecy);
    return secrecy;
  };

  return {
    seal({ type, ...fields }, at) {
      // A missing dispatcher declares nothing, so that everything is sealed.
      const schema = dispatchers.get(type)?.config as JsonObject | undefined;
      return vault.sealConfig(fields, at, (path) =>
        schema ? secrecyOf(schema, path) : secrecyIn(undefined, path),
      );
    },
    open: vault.openConfig,
  };
}

export interface CheckConfigOptions {
  dispatchers: Pick<Dispatchers, "get" | "check">;
  /** Resolves when the integrations have loaded; before that a dispatch type may still be missing. */
  integrationsReady: Promise<unknown>;
  /** Whether there is such a session: the target of the type "internal". */
  sessionExists: (id: string) => Promise<boolean>;
}

export function createCheckConfig({
  dispatchers,
  integrationsReady,
  sessionExists,
}: CheckConfigOptions): CheckConfig {
  return async (config) => {
    if (!dispatchers.get(config.type)) await integrationsReady;
    const checked = dispatchers.check(config);
    checkGiven(checked, "dispatch_config");
    const { type, session_id } = checked;
    if (type === "internal" && !(await sessionExists(String(session_id)))) {
      const field = "dispatch_config.session_id";
      throw new HeddleError("validation", `${field} must be the id of a session; got "${session_id}".`, {
        field,
      });
    }
    return checked;
  };
}

/** Includes the type, for tables without a column for it. */
export function sealWhole(sealer: ConfigSealer, config: DispatchConfig, at: FieldLocation): JsonObject {
  return { ...sealer.seal(config, at), type: config.type };
}
