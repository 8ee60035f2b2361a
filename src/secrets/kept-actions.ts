// Stores the client actions that tools return until a dispatcher delivers them. They are stored unchanged, because they
// must be delivered unchanged; an action that contains a known secret is sealed.

import type { JsonObject } from "../db/schema.ts";
import { fieldAt } from "./leaves.ts";
import { redactDeep } from "./redact-deep.ts";
import { type FieldLocation, isSealed } from "./seal.ts";
import type { Vault } from "./vault.ts";

export interface KeptActions {
  /** Prepares actions for storing. `at` is the location of the array. */
  keep(actions: readonly JsonObject[], at: FieldLocation): (JsonObject | string)[];
  /** Restores the actions. Throws `internal` if one was sealed for another location. */
  open(kept: readonly (JsonObject | string)[], at: FieldLocation): JsonObject[];
  /** The same for an answer of the API: known secrets are redacted. */
  show(kept: readonly (JsonObject | string)[], at: FieldLocation): JsonObject[];
}

export interface KeptActionsOptions {
  redact(text: string): string;
  vault: Pick<Vault, "seal" | "open">;
}

export function createKeptActions({ redact, vault }: KeptActionsOptions): KeptActions {
  const nth = (at: FieldLocation, index: number): FieldLocation => ({
    ...at,
    field: fieldAt(at.field, [String(index)]),
  });
  const open: KeptActions["open"] = (kept, at) =>
    kept.map((one, index) => {
      if (!isSealed(one)) return one as JsonObject;
      return JSON.parse(vault.open(one, nth(at, index))) as JsonObject;
    });
  return {
    keep: (actions, at) =>
      actions.map((action, index) => {
        const text = JSON.stringify(action);
        return redact(text) === text ? action : vault.seal(text, nth(at, index));
      }),
    open,
    show: (kept, at) => open(kept, at).map((action) => redactDeep(action, redact)),
  };
}

/** The location in a tool's message. */
export const inMessage = (id: string): FieldLocation => ({
  table: "messages",
  row: id,
  field: "metadata/client_actions",
});

/** The location in a delivery. */
export const inDelivery = (id: string): FieldLocation => ({
  table: "deliveries",
  row: id,
  field: "payload/client_actions",
});
