// What a dispatcher's schemas say of a config and a receipt, for the server and for `deliver` in an author's test.

import { HeddleError } from "../errors.ts";
import { compileSchema } from "../schema/json-schema.ts";
import { Retryable } from "./errors.ts";
import type { Dispatcher, JsonObject } from "./types.ts";

export interface DispatcherSchemas {
  /** Throws `validation` with the field unless the dispatch_config without its type fits. */
  checkConfig(fields: JsonObject): void;
  /** Throws Retryable unless the receipt has the shape that the dispatcher declares. */
  checkReceipt(receipt: unknown): void;
}

/** Throws for a schema that is wrong itself. */
export function dispatcherSchemas(
  type: string,
  { config, receipt: proof }: Pick<Dispatcher, "config" | "receipt">,
): DispatcherSchemas {
  const validate = config && compileSchema(config);
  const validateReceipt = proof && compileSchema(proof);
  return {
    checkConfig(fields) {
      const [first] = validate?.(fields) ?? [];
      if (!first) return;
      const field = ["dispatch_config", first.field].filter(Boolean).join(".");
      throw new HeddleError("validation", `${field} ${first.message}.`, { field });
    },
    checkReceipt(receipt) {
      const [first] = validateReceipt?.(receipt) ?? [];
      if (!first) return;
      const field = ["receipt", first.field].filter(Boolean).join(".");
      throw new Retryable(
        `The dispatcher "${type}" brought no proof that it delivered: ${field} ${first.message}.`,
      );
    },
  };
}
