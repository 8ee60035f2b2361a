// What an endpoint says in a body that is no chat completion: that the credit is used up, say, with status 200.

import { isObject } from "./fields.ts";

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
  const fields = new Map(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of NAMES) {
    const said = complaintIn(fields.get(name), depth + 1);
    if (said !== "") return said;
  }
  return "";
}
