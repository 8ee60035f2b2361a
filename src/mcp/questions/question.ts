// What an MCP server asks a person in the middle of a call (elicitation), and what it is answered.
// https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation

import { HeddleError } from "../../errors.ts";
import type { JsonObject } from "../../sdk/json.ts";

export interface Question {
  message: string;
  /** JSON Schema of an object with plain fields. */
  schema: JsonObject;
}

export type Reply = { action: "accept"; content: Content } | { action: "decline" } | { action: "cancel" };
export type Content = Record<string, string | number | boolean | string[]>;

export const DECLINED: Reply = { action: "decline" };
export const CANCELLED: Reply = { action: "cancel" };

/** How often a server may ask in one call; one that still asks then would never stop. */
export const MOST_ROUNDS = 10;

export const asksTooOften = (server: string): HeddleError =>
  new HeddleError("upstream", `The MCP server ${server} asked more than ${MOST_ROUNDS} times in one call.`);

export const MOST_MESSAGE = 4_000;
export const MOST_SCHEMA = 20_000;

/** How long people have to answer one. */
export const QUESTION_MS = 300_000;
/** A call may ask several times. */
export const MOST_QUESTIONS_MS = 2 * QUESTION_MS;
