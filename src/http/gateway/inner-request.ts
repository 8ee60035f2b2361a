// The request that an integration's router gets: at a fixed origin, with the bytes of the body as they came.

import { checkDepth } from "../../schema/json-text.ts";
import { innerUrl } from "../target.ts";

export interface InnerRequest {
  method: string;
  /** Below /integrations/<id>. */
  path: string;
  search: string;
  headers: Headers | Record<string, string>;
  body: Uint8Array<ArrayBuffer> | null;
}

export function innerRequest({ method, path, search, headers, body }: InnerRequest): Request {
  const request = new Request(innerUrl({ path, search }), {
    method,
    headers,
    // The integration gets the bytes whole, so it can check a signature over them.
    ...(body !== null && body.byteLength > 0 && { body }),
  });
  // Elysia reads JSON by this, whatever the sender calls it, and so do handlers.
  Object.defineProperty(request, "json", { value: readJson });
  return request;
}

/** Rejects with "bad_request" for JSON that is too deep, and as every Request does for what is none. */
async function readJson(this: Request): Promise<unknown> {
  const text = await this.text();
  checkDepth(text);
  return JSON.parse(text);
}
