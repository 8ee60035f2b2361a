/** A JSON object with unchecked fields. */
export type JsonObject = Record<string, unknown>;
