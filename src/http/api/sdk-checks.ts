// Checks the options of the SDK's calls inside the server against the schemas of the REST API's bodies.

import { type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { ValidationError } from "elysia";
import { completeFields, type SdkCall } from "../../sdk/rest-fields.ts";
import { explainInvalid } from "../explain-invalid.ts";
import { ChannelChange } from "./routes/channels.ts";
import { NewDocument, SearchQuery } from "./routes/documents.ts";
import { NewEvent } from "./routes/events.ts";
import { NewMessage, NewSession } from "./routes/sessions.ts";
import { Id } from "./schemas.ts";

const SCHEMAS: Record<SdkCall, TSchema> = {
  getOrCreateSession: NewSession,
  injectMessage: Type.Composite([NewMessage, Type.Object({ session_id: Id })], {
    additionalProperties: false,
  }),
  injectEvent: NewEvent,
  ingestDocument: NewDocument,
  searchDocuments: SearchQuery,
};

/** Throws `validation` with the message that the REST API would give. */
export function checkSdkCall(call: SdkCall, options: unknown): void {
  // A function cannot be sent, and stays in the server.
  const { matches: _, ...fields } = completeFields(call, options);
  // Null stands for all integrations, which a query says by leaving the parameter out.
  if (call === "searchDocuments" && fields.integration_id === null) delete fields.integration_id;
  check(SCHEMAS[call], Value.Default(SCHEMAS[call], fields));
}

/** The same for changes of a channel. */
export const checkChannelChange = (change: unknown): void => check(ChannelChange, change);

function check(schema: TSchema, given: unknown): void {
  if (!Value.Check(schema, given)) throw explainInvalid(new ValidationError("body", schema, given));
}
