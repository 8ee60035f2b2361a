import { createHash } from "node:crypto";
import { storable } from "../db/storable.ts";

/** SHA-256 of a call, hexadecimal: a decision holds for exactly this call. */
export const callHash = ({ name, arguments: args }: { name: string; arguments: string }): string =>
  // As the database keeps it, because a resumed run has it from there.
  createHash("sha256")
    .update(JSON.stringify([storable(name), storable(args)]))
    .digest("hex");
