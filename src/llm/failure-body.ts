// The body of a failure in the one form that the vendors' packages read: `{"error": {"message": …}}`. Of any other they say "no body":
// Gemini's list, the detail of FastAPI, the bare message of SGLang, older vLLM, Cohere, Databricks and the gateways of clouds.

import { messageIn } from "./complaint.ts";
import { type Fields, isObject } from "./fields.ts";
import { jsonIn } from "./json.ts";

/** Returns the text itself if it is not JSON, or an object that says nothing. */
export function failureBody(text: string): string {
  const body = jsonIn(text);
  const first: unknown = Array.isArray(body) ? body[0] : body;
  if (!isObject(first)) return text;
  const error: Fields = isObject(first.error) ? first.error : first;
  const message = messageIn(error);
  if (message === "") return text;
  const code = error.code ?? first.code ?? error.error_code ?? first.__type ?? null;
  const type = error.type ?? null;
  // Anthropic's package takes the message from the body itself.
  return JSON.stringify({ ...first, message, error: { ...error, message, code, type } });
}
