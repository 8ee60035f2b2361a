// The document by which authorization servers of MCP servers know Heddle. Public: they fetch it without a key.

import { CLIENT_DOCUMENT, clientDocument } from "../../mcp/oauth/client-document.ts";
import type { Target } from "../target.ts";

/** Undefined for another path, and where Heddle has no public address. */
export function answerClientDocument(
  { method }: Pick<Request, "method">,
  { path }: Pick<Target, "path">,
  publicUrl: string | undefined,
): Response | undefined {
  if (path !== CLIENT_DOCUMENT || method !== "GET") return undefined;
  const document = clientDocument(publicUrl);
  return document && Response.json(document, { headers: { "cache-control": "public, max-age=300" } });
}
