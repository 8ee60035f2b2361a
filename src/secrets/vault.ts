// The sealing interface for the rest of Heddle: single texts, and whole configs with secret fields.

import type { JsonObject } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { KeyRing } from "./key-ring.ts";
import { fieldAt, mapLeaves } from "./leaves.ts";
import { isSecretName } from "./names.ts";
import { createSealer, type FieldLocation, isSealed } from "./seal.ts";
import { MASK, urlSecrets, withoutUrlSecrets } from "./urls.ts";

export type { FieldLocation } from "./seal.ts";

/** "open": not a secret; "by name": the field's name decides; "sealed": a secret, or unknown. */
export type Secrecy = "open" | "by name" | "sealed";

/** Decides by the path (names and indexes) to a value. */
export type SecrecyOf = (path: readonly string[]) => Secrecy;

export interface Vault {
  seal(text: string, at: FieldLocation): string;
  /** Throws `internal` if the value cannot be opened for this location. */
  open(sealed: string, at: FieldLocation): string;
  /**
   * Returns a copy of a config with its secrets sealed: values whose name, or the name of an enclosing field, is
   * secret, URLs that contain secrets, and whatever `secrecyOf` says. Default: names decide. Input from outside must
   * have passed `checkGiven` before.
   */
  sealConfig(config: JsonObject, at: FieldLocation, secrecyOf?: SecrecyOf): JsonObject;
  /** The reverse; `onSecret` is called with each secret. */
  openConfig(config: JsonObject, at: FieldLocation, onSecret?: (secret: string) => void): JsonObject;
}

/** Characters per value; a key file has a few thousand. */
const MAX_TEXT_LENGTH = 65_536;
/**
 * Values per config. Each may be sealed separately, and a hundred thousand of them would block the server for seconds.
 */
const MAX_VALUES = 1_000;

export function createVault(keys: KeyRing): Vault {
  const sealer = createSealer(keys);
  return {
    seal: (text, at) => sealer.seal(text, at),
    open: sealer.open,
    sealConfig: (config, at, secrecyOf = () => "by name") =>
      mapLeaves(config, (value, path) => {
        const secrecy = secrecyOf(path);
        const isSecret = secrecy === "sealed" || (secrecy === "by name" && path.some(isSecretName));
        if (isSecret) return sealer.seal(JSON.stringify(value), { ...at, field: fieldAt(at.field, path) });
        // A URL with a secret keeps the rest as a displayable hint.
        if (typeof value !== "string" || urlSecrets(value).length === 0) return value;
        return sealer.seal(
          JSON.stringify(value),
          { ...at, field: fieldAt(at.field, path) },
          withoutUrlSecrets(value),
        );
      }),
    openConfig: (config, at, onSecret) =>
      mapLeaves(config, (value, path) => {
        if (!isSealed(value)) return value;
        const text = sealer.open(value, { ...at, field: fieldAt(at.field, path) });
        const opened: unknown = value.startsWith("sealed:v1:") ? text : JSON.parse(text);
        onSecret?.(String(opened));
        if (typeof opened === "string") for (const secret of urlSecrets(opened)) onSecret?.(secret);
        return opened;
      }),
  };
}

/**
 * Rejects values that no client can mean, with `validation`: sealed values, masks, overlong texts, or too many values.
 */
export function checkGiven(config: JsonObject, name: string): void {
  let values = 0;
  mapLeaves(config, (value, path) => {
    if (++values > MAX_VALUES) {
      throw new HeddleError("validation", `${name} must have at most ${MAX_VALUES} values.`, {
        field: name,
      });
    }
    const field = [name, ...path].join(".");
    const wrong = faultIn(value);
    if (wrong) throw new HeddleError("validation", `${field} must ${wrong}.`, { field });
    return value;
  });
}

function faultIn(value: string | number): string | undefined {
  if (typeof value === "number") return undefined;
  if (value === MASK || (value.includes(MASK) && URL.canParse(value))) {
    return `be the value itself; got the mask ${MASK}`;
  }
  if (value.length > MAX_TEXT_LENGTH)
    return `have at most ${MAX_TEXT_LENGTH} characters; got ${value.length}`;
  // Sealed values are never shown to clients, so this one is forged.
  return isSealed(value) ? 'not start with "sealed:v"' : undefined;
}
