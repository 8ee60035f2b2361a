// Checks configs and receipts against a dispatcher's schemas, in the server and for `deliver` in authors' tests.

import { HeddleError } from "../errors.ts";
import { compileSchema } from "../schema/json-schema.ts";
import { Retryable } from "./errors.ts";
import type { Dispatcher, JsonObject } from "./types.ts";

export interface DispatcherSchemas {
  /** Throws `validation` with the field unless the dispatch_config without its type matches the schema, once it has its defaults. */
  checkConfig(fields: JsonObject): void;
  /** Returns the fields of a dispatch_config, with the schema's `default` of each property that has none. */
  withDefaults(fields: JsonObject): JsonObject;
  /** Throws Retryable unless the receipt matches the dispatcher's schema. */
  checkReceipt(receipt: unknown): void;
}

/** Throws if the schema itself is invalid. */
export function dispatcherSchemas(
  type: string,
  { config, receipt: proof }: Pick<Dispatcher, "config" | "receipt">,
): DispatcherSchemas {
  const validate = config && compileSchema(config, { useDefaults: true });
  const validateReceipt = proof && compileSchema(proof);
  return {
    checkConfig(fields) {
      const [first] = validate?.(structuredClone(fields)) ?? [];
      if (!first) return;
      const field = ["dispatch_config", first.field].filter(Boolean).join(".");
      throw new HeddleError("validation", `${field} ${first.message}.`, { field });
    },
    withDefaults(fields) {
      const filled = structuredClone(fields);
      validate?.(filled);
      return filled;
    },
    checkReceipt(receipt) {
      const [first] = validateReceipt?.(receipt) ?? [];
      if (!first) return;
      const field = ["receipt", first.field].filter(Boolean).join(".");
      throw new Retryable(
        `The receipt of the dispatcher "${type}" does not match its schema: ${field} ${first.message}.`,
      );
    },
  };
}
