// The SDK's backend over the REST API, for a process that Heddle started or any other with a URL and a key.

import { errorMessage, HeddleError } from "../errors.ts";
import { jsonOf } from "../schema/json-of.ts";
import type { SdkServices } from "./backend.ts";
import { fetchWithTimeout } from "./fetch.ts";
import { createRestControls } from "./rest-controls.ts";
import { failureIn } from "./rest-failure.ts";
import { restFields } from "./rest-fields.ts";
import { createRestPeople } from "./rest-people.ts";
import { createRestStore } from "./rest-store.ts";
import type { DocumentHit, EventResult, InjectResult, JsonObject } from "./types.ts";

export interface RestOptions {
  /** The server's URL: "http://127.0.0.1:8000". */
  url: string;
  apiKey: string;
  /** The id of the integration that this process belongs to, if any. */
  integrationId: string | undefined;
}

/** Creates the calls that need a server. They throw the server's error as a HeddleError. */
export function createRestServices(
  options: RestOptions,
): Pick<
  SdkServices,
  | "getOrCreateSession"
  | "injectMessage"
  | "injectEvent"
  | "ingestDocument"
  | "searchDocuments"
  | "store"
  | "controls"
  | "people"
  | "reportConnection"
  | "publish"
  | "transcribe"
  | "askAsCaller"
> {
  const { integrationId } = options;
  return {
    async getOrCreateSession(wanted) {
      const body = restFields("getOrCreateSession", wanted);
      return (await call<{ session_id: string }>(options, "POST", "/sessions", body)).session_id;
    },
    async injectMessage(message) {
      const { session_id, ...body } = restFields("injectMessage", message);
      const path = `/sessions/${encodeURIComponent(String(session_id))}/messages`;
      return call<InjectResult>(options, "POST", path, body);
    },
    async injectEvent(event) {
      if (event?.matches) {
        throw new HeddleError(
          "not_supported",
          "`matches` must be left out in a process, because a function cannot be sent to the server.",
          {
            field: "matches",
          },
        );
      }
      return call<EventResult>(options, "POST", "/events", restFields("injectEvent", event));
    },
    async ingestDocument(document) {
      const body = { ...restFields("ingestDocument", document), integration_id: integrationId };
      return (await call<{ id: string }>(options, "POST", "/documents", body)).id;
    },
    async searchDocuments(search) {
      const parameters = new URLSearchParams();
      const fields = restFields("searchDocuments", search);
      const query = { q: fields.q, integration_id: integrationId, ...fields };
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null) parameters.set(name, String(value));
      }
      return call<DocumentHit[]>(options, "GET", `/documents/search?${parameters}`);
    },
    async reportConnection({ name, status, detail = null }) {
      if (integrationId === undefined) {
        throw new HeddleError(
          "not_supported",
          "HEDDLE_INTEGRATION_ID must be set, because a connection belongs to an integration.",
        );
      }
      const path = `/integrations/${encodeURIComponent(integrationId)}/connections/${name}`;
      await call(options, "PUT", path, { status, detail });
    },
    async askAsCaller() {
      throw new HeddleError("not_supported", "asCaller() works in routes, which only the server has.");
    },
    async publish() {
      throw new HeddleError(
        "not_supported",
        "publish() works in the server only; a process calls a route of its integration, which publishes.",
      );
    },
    async transcribe({ data, mediaType, signal }) {
      const asking = fetchWithTimeout(`${serverOf(options)}/api/v1/transcribe`, {
        method: "POST",
        headers: { authorization: `Bearer ${options.apiKey}`, "content-type": mediaType },
        body: new Uint8Array(data),
        ...{ redirect: "error", timeoutSeconds: TRANSCRIPTION_SECONDS },
        ...(signal && { signal }),
      });
      const response = await reached(options, asking, signal);
      const text = await reached(options, response.text(), signal);
      // The server has no transcription.
      if (response.status === 501) return null;
      if (!response.ok) throw failureIn(response.status, text);
      return (JSON.parse(text) as { text: string }).text;
    },
    controls: createRestControls((method, path, body) => call(options, method, path, body)),
    people: createRestPeople(integrationId, (method, path, body) => call(options, method, path, body)),
    store: createRestStore(integrationId, (method, path, body) => call(options, method, path, body)),
  };
}

/** An endpoint is given two minutes. */
const TRANSCRIPTION_SECONDS = 130;

const serverOf = ({ url }: RestOptions): string => url.replace(/\/+$/, "");

async function call<Answer>(
  options: RestOptions,
  method: string,
  path: string,
  body?: JsonObject,
): Promise<Answer> {
  const url = `${serverOf(options)}/api/v1${path}`;
  const headers = {
    authorization: `Bearer ${options.apiKey}`,
    ...(body && { "content-type": "application/json" }),
  };
  const sent = body && { body: textOf(body) };
  // The key must not be sent on to another address.
  const response = await reached(
    options,
    fetchWithTimeout(url, { method, headers, ...sent, redirect: "error" }),
  );
  const text = await reached(options, response.text());
  if (response.status === 204) return undefined as Answer;
  if (!response.ok) throw failureIn(response.status, text);
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    throw new HeddleError("upstream", `Heddle's answer to ${method} ${path} must be JSON.`, { cause });
  }
}

/** A connection may also break within the answer. */
const reached = <Value>({ url }: RestOptions, asking: Promise<Value>, signal?: AbortSignal): Promise<Value> =>
  asking.catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new HeddleError("unavailable", `Heddle at ${url} does not answer.`, { cause });
  });

function textOf(body: JsonObject): string {
  try {
    return jsonOf(body) ?? "{}";
  } catch (cause) {
    throw new HeddleError("validation", `What is sent to Heddle must be JSON: ${errorMessage(cause)}.`, {
      cause,
    });
  }
}
