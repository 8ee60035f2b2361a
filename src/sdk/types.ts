// The shapes that integrations and Heddle share. JSON that is stored or sent keeps snake_case; the
// functions of the SDK and their options are camelCase.

export type { JsonObject } from "./json.ts";
export type * from "./types/controls.ts";
export type * from "./types/dispatch.ts";
export type * from "./types/documents.ts";
export * from "./types/hooks.ts";
export type * from "./types/integration.ts";
export type * from "./types/messages.ts";
export type * from "./types/server.ts";
export type * from "./types/store.ts";
export type * from "./types/tools.ts";
