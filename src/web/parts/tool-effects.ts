// What a call of a tool does, in words.

import type { Schema } from "../api/client.ts";

/** At least one sentence. */
export function effectsOf({
  annotations,
  can_reconcile,
}: Pick<Schema<"Tool">, "annotations" | "can_reconcile">) {
  const { read_only, idempotent, destructive, egress } = annotations;
  const effects = [
    read_only === true && "Only reads",
    destructive === true && "May delete or overwrite for good",
    egress === true && "Sends what it is given out of the server",
    idempotent === true && read_only !== true && "A second call changes nothing more",
    can_reconcile && "Can tell after a crash whether a call took effect",
  ].filter((effect) => effect !== false);
  return effects.length > 0 ? effects : ["Does not say what it changes"];
}
