// The request that an integration's router gets: it has a fixed origin and the exact bytes of the body.

import { checkDepth } from "../../schema/json-text.ts";
import { innerUrl } from "../target.ts";

export interface InnerRequest {
  method: string;
  /** The path below /integrations/<id>. */
  path: string;
  search: string;
  headers: Headers | Record<string, string>;
  body: Uint8Array<ArrayBuffer> | null;
}

export function innerRequest({ method, path, search, headers, body }: InnerRequest): Request {
  const request = new Request(innerUrl({ path, search }), {
    method,
    headers,
    // The integration gets the exact bytes, over which it can verify a signature.
    ...(body !== null && body.byteLength > 0 && { body }),
  });
  // Elysia and handlers read JSON with this function.
  Object.defineProperty(request, "json", { value: readJson });
  return request;
}

/** Rejects with "bad_request" for JSON that is nested too deeply, and like every Request for invalid JSON. */
async function readJson(this: Request): Promise<unknown> {
  const text = await this.text();
  checkDepth(text);
  return JSON.parse(text);
}
