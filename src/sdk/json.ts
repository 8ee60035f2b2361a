/** A JSON object whose fields nobody has checked. */
export type JsonObject = Record<string, unknown>;
