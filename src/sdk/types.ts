// The types that integrations and Heddle share. Stored and sent JSON is in snake_case; the SDK's functions and their
// options are in camelCase.

export type { JsonObject } from "./json.ts";
export type * from "./types/caller.ts";
export type * from "./types/controls.ts";
export type * from "./types/dispatch.ts";
export type * from "./types/documents.ts";
export type * from "./types/events.ts";
export * from "./types/hooks.ts";
export type * from "./types/integration.ts";
export type * from "./types/listeners.ts";
export type * from "./types/messages.ts";
export type * from "./types/oauth.ts";
export type * from "./types/people.ts";
export type * from "./types/rate-limit.ts";
export type * from "./types/server.ts";
export type * from "./types/service.ts";
export type * from "./types/store.ts";
export type * from "./types/tables.ts";
export type * from "./types/tools.ts";
export type * from "./types/transcription.ts";
