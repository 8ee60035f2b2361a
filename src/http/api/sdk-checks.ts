// Checks the options of SDK calls inside the server against the schemas of the REST API's bodies.

import { type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { ValidationError } from "elysia";
import { completeFields, type SdkCall } from "../../sdk/rest-fields.ts";
import { explainInvalid } from "../explain-invalid.ts";
import { ChannelChange } from "./routes/channel-schemas.ts";
import { NewDocument, SearchQuery } from "./routes/documents.ts";
import { NewEvent } from "./routes/events.ts";
import { NewMessage, NewSession } from "./routes/session-schemas.ts";
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

/** Throws `validation` with the message of the REST API. */
export function checkSdkCall(call: SdkCall, options: unknown): void {
  // `matches` is a function, which the REST API does not have.
  const { matches: _, ...fields } = completeFields(call, options);
  // Null means all integrations, which a query expresses by leaving the parameter out.
  if (call === "searchDocuments" && fields.integration_id === null) delete fields.integration_id;
  check(SCHEMAS[call], Value.Default(SCHEMAS[call], fields));
}

/** Throws `validation` for an invalid change of a channel. */
export const checkChannelChange = (change: unknown): void => check(ChannelChange, change);

function check(schema: TSchema, given: unknown): void {
  if (!Value.Check(schema, given)) throw explainInvalid(new ValidationError("body", schema, given));
}
