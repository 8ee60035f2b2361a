import type { JsonObject } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const invalid = (field: string, rule: string): HeddleError =>
  new HeddleError("bad_request", `${field} must be ${rule}.`, { field });
