// Compresses answers that are the same for everybody, for clients that accept it.

import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** One content as it may be sent. */
export type Bodies = { identity: Uint8Array<ArrayBuffer> | Blob | string } & Partial<
  Record<"br" | "gzip", Uint8Array<ArrayBuffer>>
>;

/** Answers with the smallest body that the request accepts. */
export function answerEncoded(request: Request, bodies: Bodies, headers: Record<string, string>): Response {
  const accepted = request.headers.get("accept-encoding") ?? "";
  const encoding = (["br", "gzip"] as const).find((one) => bodies[one] && accepts(accepted, one));
  return new Response(encoding ? bodies[encoding] : bodies.identity, {
    headers: { ...headers, vary: "accept-encoding", ...(encoding && { "content-encoding": encoding }) },
  });
}

const gzipped = promisify(gzip);

/** Compresses a content, in another thread. */
export async function withGzip(identity: string | Blob): Promise<Bodies> {
  const bytes = typeof identity === "string" ? identity : await identity.bytes();
  return { identity, gzip: new Uint8Array(await gzipped(bytes)) };
}

/** Whether the header names the encoding and does not refuse it with "q=0". */
function accepts(header: string, encoding: string): boolean {
  return header.split(",").some((one) => {
    const [name = "", quality = ""] = one.split(";");
    return name.trim().toLowerCase() === encoding && !/^q=0(?:\.0{1,3})?$/.test(quality.trim());
  });
}
