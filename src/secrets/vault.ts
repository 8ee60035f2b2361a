// What the rest of Heddle has of sealing: single texts, and whole configs of which some fields are secret.

import type { JsonObject } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { KeyRing } from "./key-ring.ts";
import { fieldAt, mapLeaves } from "./leaves.ts";
import { isSecretName } from "./names.ts";
import { createSealer, hintOf, isSealed, type Place } from "./seal.ts";
import { MASK, urlSecrets, withoutUrlSecrets } from "./urls.ts";

export type { Place } from "./seal.ts";

/** "open": of a kind that is no secret; "by name": its name decides; "sealed": secret, or nobody knows. */
export type Secrecy = "open" | "by name" | "sealed";

/** By the names and indexes that lead to a value. */
export type SecrecyOf = (path: readonly string[]) => Secrecy;

export interface Vault {
  seal(text: string, at: Place): string;
  /** Throws `internal` for what does not open here. */
  open(sealed: string, at: Place): string;
  /**
   * A copy of a config in which secrets are sealed: what has a secret's name or stands below one, a URL with secrets in
   * it, and what `secrecyOf` says. Default: names decide. What comes from outside has passed `checkGiven` before.
   */
  sealConfig(config: JsonObject, at: Place, secrecyOf?: SecrecyOf): JsonObject;
  /** The reverse; `onSecret` hears each secret in it. */
  openConfig(config: JsonObject, at: Place, onSecret?: (secret: string) => void): JsonObject;
}

/** Characters. A key file has a few thousand. */
const LONGEST_TEXT = 65_536;
/** In one config. Each may be sealed for itself, and a hundred thousand of them would stop the server for seconds. */
const MOST_VALUES = 1_000;

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
        // One that carries a secret shows the rest of it.
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

/** What may be shown of a stored config. */
export function maskConfig(config: JsonObject): JsonObject {
  return mapLeaves(config, (value, path) => {
    if (isSealed(value)) return hintOf(value) ?? MASK;
    // Of a version that sealed less.
    if (path.some(isSecretName)) return MASK;
    return typeof value === "string" ? withoutUrlSecrets(value) : value;
  });
}

/**
 * Throws `validation` for what nobody outside can mean: something sealed, what stands for a secret, a text without end, or
 * values without number.
 */
export function checkGiven(config: JsonObject, name: string): void {
  let values = 0;
  mapLeaves(config, (value, path) => {
    if (++values > MOST_VALUES) {
      throw new HeddleError("validation", `${name} must have at most ${MOST_VALUES} values.`, {
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
    return `be the value itself; got ${MASK}, which only stands for it`;
  }
  if (value.length > LONGEST_TEXT) return `have at most ${LONGEST_TEXT} characters; got ${value.length}`;
  // Nobody outside has seen a sealed value, so this one is made up.
  return isSealed(value) ? 'not begin with "sealed:v"' : undefined;
}
