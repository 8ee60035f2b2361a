// What an endpoint says in a body that is not a chat completion: that the credit is used up, say, with status 200.

import { type Fields, isObject, textOf } from "./fields.ts";
import { jsonIn } from "./json.ts";

const NAMES = [
  "message",
  "error_message",
  "error_msg",
  "errormessage",
  "msg",
  "status_msg",
  "detail",
  "details",
].concat(["description", "reason", "title", "error", "errors", "response", "result", "data"]);
const DEEPEST = 4;

/** The text that says most, or "" if there is none, as in a ping. */
export function complaintIn(body: unknown, depth = 0): string {
  if (depth > DEEPEST) return "";
  if (typeof body === "string") return depth > 0 ? body.trim() : "";
  if (Array.isArray(body)) return complaintIn(body[0], depth + 1);
  if (!isObject(body)) return "";
  if (Array.isArray(body.loc)) return complaintAt(body.loc, textOf(body.msg));
  const fields = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of NAMES) {
    const said = complaintIn(fields.get(name), depth + 1);
    if (said !== "") return said;
  }
  return "";
}

/** FastAPI says apart from the complaint which field it is about. */
const complaintAt = (place: unknown[], said: string): string =>
  [place.filter((part) => typeof part !== "object").join("."), said].filter(Boolean).join(": ");

/** What an error says; also what a gateway quotes of the endpoint behind it, which alone says what is wrong. */
export function messageIn(error: Fields): string {
  const said = complaintIn(error);
  const { metadata } = error;
  if (!isObject(metadata)) return said;
  const { raw, provider_name: provider } = metadata;
  const quoted = complaintIn(jsonIn(textOf(raw)), 1) || textOf(raw).trim();
  if (quoted === "" || said.includes(quoted)) return said;
  return [said, textOf(provider), quoted].filter(Boolean).join(": ");
}
