// Maps the options of SDK calls to fields of the REST API. A process sends them, and the server checks them with the
// same schemas, so that both accept and refuse the same.

import { HeddleError } from "../errors.ts";
import { shown } from "./arguments.ts";
import type { JsonObject } from "./json.ts";
import { unknownOption } from "./options.ts";

const MESSAGE = {
  content: "content",
  source: "source",
  runAgent: "run_agent",
  notify: "notify",
  dispatchConfig: "dispatch_config",
  author: "author",
  executionConfig: "execution_config",
  callbackConfig: "callback_config",
  idempotencyKey: "idempotency_key",
  metadata: "metadata",
  fromBot: "from_bot",
  whenBusy: "when_busy",
  attachments: "attachments",
};

/** Option → field. */
const FIELDS = {
  getOrCreateSession: { clientId: "client_id", botId: "bot_id", dispatchConfig: "dispatch_config" },
  injectMessage: { sessionId: "session_id", ...MESSAGE },
  injectEvent: { clientId: "client_id", event: "event", botId: "bot_id", matches: "matches", ...MESSAGE },
  ingestDocument: { title: "title", content: "content", sessionId: "session_id", metadata: "metadata" },
  searchDocuments: {
    query: "q",
    integrationId: "integration_id",
    sessionId: "session_id",
    limit: "limit",
    cursor: "cursor",
  },
} satisfies Record<string, Record<string, string>>;

/**
 * Fields with a default in the REST API that an integration in the server must nevertheless give. A process may leave
 * them out, as it always could, except the session, which its request needs for the path.
 */
const REQUIRED: Record<SdkCall, readonly string[]> = {
  getOrCreateSession: ["bot_id"],
  injectMessage: ["session_id", "source"],
  injectEvent: ["bot_id", "source"],
  ingestDocument: [],
  searchDocuments: [],
};

/** An SDK call whose options correspond to a request of the REST API. */
export type SdkCall = keyof typeof FIELDS;

/** Returns the defined fields. Throws `validation` for an unknown option and for a missing session. */
export function restFields(call: SdkCall, options: unknown): JsonObject {
  const fields = namedFields(call, options);
  if (call === "injectMessage") requireField(fields, "session_id");
  return fields;
}

/** Like `restFields`, but also throws `validation` for a missing field that has a default only over REST. */
export function completeFields(call: SdkCall, options: unknown): JsonObject {
  const fields = namedFields(call, options);
  for (const field of REQUIRED[call]) requireField(fields, field);
  return fields;
}

/** Maps a request's fields back to the call's options; fields without an option are left out. */
export function optionsOf(call: SdkCall, fields: JsonObject): JsonObject {
  const entries = Object.entries(FIELDS[call]) as [option: string, field: string][];
  return Object.fromEntries(
    entries.flatMap(([option, field]) => (fields[field] === undefined ? [] : [[option, fields[field]]])),
  );
}

function namedFields(call: SdkCall, options: unknown): JsonObject {
  if (typeof options !== "object" || options === null) {
    throw new HeddleError(
      "validation",
      `The argument of ${call}() must be an object; got ${shown(options)}.`,
    );
  }
  const names: Record<string, string> = FIELDS[call];
  const fields: JsonObject = {};
  for (const [option, value] of Object.entries(options)) {
    const field = Object.hasOwn(names, option) ? names[option] : undefined;
    if (field === undefined) throw unknownOption(call, option, Object.keys(names));
    if (value !== undefined) fields[field] = value;
  }
  return fields;
}

function requireField(fields: JsonObject, field: string): void {
  if (fields[field] === undefined || fields[field] === null)
    throw new HeddleError("validation", `${field} is missing.`, { field });
}
