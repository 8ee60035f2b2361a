// The dispatch_config of a message: checked when it comes, sealed wherever it is stored, open in between.

import type { JsonObject } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { DispatchConfig } from "../sdk/types.ts";
import { fieldAt } from "../secrets/leaves.ts";
import { checkGiven, type Place, type Secrecy, type Vault } from "../secrets/vault.ts";
import { secrecyIn } from "./field-secrecy.ts";
import type { Dispatchers } from "./registry.ts";

export interface ConfigSealer {
  /** For the row and column that it is stored in, without its type. */
  seal(config: DispatchConfig, at: Place): JsonObject;
  /** `onSecret` hears each secret in it. Throws `internal` for a config of another place. */
  open(config: JsonObject, at: Place, onSecret?: (secret: string) => void): JsonObject;
}

/** Throws `validation` for a config that does not fit its type. */
export type CheckConfig = (config: DispatchConfig) => Promise<DispatchConfig>;

export interface ConfigSealerOptions {
  dispatchers: Pick<Dispatchers, "get">;
  vault: Pick<Vault, "sealConfig" | "openConfig">;
}

const MOST_KNOWN = 1_000;

export function createConfigSealer({ dispatchers, vault }: ConfigSealerOptions): ConfigSealer {
  /** Of each schema, by path: the fields of a dispatcher's configs are the same again and again. */
  const known = new WeakMap<JsonObject, Map<string, Secrecy>>();
  const secrecyOf = (schema: JsonObject, path: readonly string[]): Secrecy => {
    const ofSchema = known.get(schema) ?? new Map<string, Secrecy>();
    known.set(schema, ofSchema);
    const key = fieldAt("", path);
    const secrecy = ofSchema.get(key) ?? secrecyIn(schema, path);
    // Where a schema leaves the names open, callers make them up.
    if (ofSchema.size < MOST_KNOWN) ofSchema.set(key, secrecy);
    return secrecy;
  };

  return {
    seal({ type, ...fields }, at) {
      // One that is not there declares nothing, and all of it is sealed.
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
  /** Resolves when the integrations have loaded: until then a dispatch type may be missing that will be there. */
  settled: Promise<unknown>;
  /** Whether there is such a session: the target of the type "internal". */
  sessionExists: (id: string) => Promise<boolean>;
}

export function createCheckConfig({ dispatchers, settled, sessionExists }: CheckConfigOptions): CheckConfig {
  return async (config) => {
    if (!dispatchers.get(config.type)) await settled;
    const checked = dispatchers.check(config);
    checkGiven(checked, "dispatch_config");
    const { type, session_id } = checked;
    if (type === "internal" && !(await sessionExists(String(session_id)))) {
      const field = "dispatch_config.session_id";
      throw new HeddleError(
        "validation",
        `${field} must be the id of a session; there is no ${session_id}.`,
        {
          field,
        },
      );
    }
    return checked;
  };
}

/** With its type, as the tables have it that have no column for that. */
export function sealWhole(sealer: ConfigSealer, config: DispatchConfig, at: Place): JsonObject {
  return { ...sealer.seal(config, at), type: config.type };
}
