// Converts the value that a tool returned into the text for the model, the actions for the dispatcher and the
// recorded error.

import { storable, storableJson } from "../../db/storable.ts";
import { errorMessage } from "../../errors.ts";
import type { Redact } from "../../redact.ts";
import { jsonOf } from "../../schema/json-of.ts";
import type { JsonObject } from "../../sdk/types.ts";
import { UNTRUSTED_MARK } from "../../taint/taint.ts";
import { cutText } from "../cut-text.ts";
import { READ_TOOL_RESULT } from "./builtin/read-tool-result.ts";
import { type InjectedImage, injectedImages } from "./injected-images.ts";

export interface ToolResult {
  /** For the model; bounded and redacted. */
  content: string;
  /** Why the call counts as failed, or null. */
  error: string | null;
  /** Handed to the dispatcher with the answer. */
  clientActions: JsonObject[];
  /** The content as it was before it was cut, redacted; null if it was not. */
  whole: string | null;
  /** For the model to see. */
  images: InjectedImage[];
}

/** Most characters of one result that a model gets. */
const LONGEST_RESULT = 30_000;
/** Most characters of a result that are kept for it to read later. */
const LONGEST_WHOLE = 2_000_000;
/** Room for the sentence that says where the rest is. */
const NOTE = 300;
/** Most JSON characters of one call's client actions, which are kept in the database until they are delivered. */
const LONGEST_CLIENT_ACTIONS = 8_000_000;
const LONGEST_ERROR = 4_000;

/**
 * Text is passed on as it is, any other value as JSON. An object (or the JSON text of one) may have `error`, which
 * marks the call as failed, and `client_action` and `injected_images`, with which the model reads only `message`.
 */
export function toToolResult(value: unknown, redact: Redact): ToolResult {
  let text: string;
  try {
    text = textOf(value);
  } catch (error) {
    return failedResult(`The tool's result must be a text or JSON: ${errorMessage(error)}`, redact);
  }
  const object = objectOf(value, text);
  const actions = clientActionsOf(object);
  const read = injectedImages(object);
  if (read?.problem !== undefined) return failedResult(read.problem, redact);
  const images = read?.images ?? [];
  if (!object || (actions.length === 0 && images.length === 0)) {
    return { ...forModel(text, redact), error: errorOf(object, redact), clientActions: [], images };
  }
  if (actions.length > 0 && JSON.stringify(actions).length > LONGEST_CLIENT_ACTIONS) {
    return failedResult(
      `client_action must have at most ${LONGEST_CLIENT_ACTIONS} characters of JSON.`,
      redact,
    );
  }
  const message = typeof object.message === "string" && object.message !== "" ? object.message : "Done.";
  return {
    ...forModel(message, redact),
    error: errorOf(object, redact),
    clientActions: storableJson(actions),
    images,
  };
}

/** The result `{"error": message}` of a failed call. */
export function failedResult(message: string, redact: Redact): ToolResult {
  const error = cutText(storable(redact(message)), LONGEST_ERROR);
  return { content: JSON.stringify({ error }), error, clientActions: [], whole: null, images: [] };
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return jsonOf(value) ?? "Done.";
}

/** Many tools return JSON as text, which is treated like the object itself. */
function objectOf(value: unknown, text: string): JsonObject | null {
  if (typeof value === "string" && !value.trimStart().startsWith("{")) return null;
  try {
    // A returned object is read from its JSON, which includes the results of its getters and toJSON.
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function clientActionsOf(object: JsonObject | null): JsonObject[] {
  const action = object?.client_action;
  return (Array.isArray(action) ? action : [action]).filter(isObject);
}

function errorOf(object: JsonObject | null, redact: Redact): string | null {
  const error = object?.error;
  if (error === undefined || error === null || error === false || error === "") return null;
  const text = typeof error === "string" ? error : JSON.stringify(error);
  return cutText(storable(redact(text)), LONGEST_ERROR);
}

function forModel(text: string, redact: Redact): Pick<ToolResult, "content" | "whole"> {
  // Redacted first: half a secret at the cut would not be recognised.
  const whole = storable(redact(text));
  if (whole.length <= LONGEST_RESULT) return { content: whole, whole: null };
  return { content: cutText(whole, LONGEST_RESULT), whole: cutText(whole, LONGEST_WHOLE) };
}

/** A result that was kept under this id, as the model is shown it. */
export function shownResult(whole: string, id: string): string {
  const note = `\n\n[The result has ${whole.length} characters. ${READ_TOOL_RESULT} with the id "${id}" reads the rest.]`;
  const shown = cutText(whole, LONGEST_RESULT - NOTE);
  // The mark that the text is from strangers must not get lost in the middle.
  const isMarkLost = whole.includes(UNTRUSTED_MARK) && !shown.includes(UNTRUSTED_MARK);
  return `${isMarkLost ? `{${UNTRUSTED_MARK}}\n` : ""}${shown}${note}`;
}
