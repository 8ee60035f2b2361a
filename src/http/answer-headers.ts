// Headers that instruct browsers, set on every answer.

import { refuseCookie } from "./cookie.ts";

export const REQUEST_ID = "x-request-id";

/** An integration's page shares this server's address; the sandbox gives it an opaque origin of its own. */
const SANDBOX =
  "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads; frame-ancestors 'self'";
/**
 * Content types that a browser never shows as a page with scripts of its own. Of several types, browsers take the last.
 */
const PASSIVE =
  /^(?:image\/(?!svg)|audio\/|video\/|font\/|text\/(?:plain|css|csv|javascript|event-stream)\b|application\/(?:json|javascript|octet-stream|pdf|wasm|zip)\b)[^,]*$/i;
/** Headers that act on everything of this server's address, not only on the integration's answer: reports name its URLs. */
const OF_THE_ORIGIN = [
  "clear-site-data",
  "service-worker-allowed",
  "strict-transport-security",
  "alt-svc",
  "nel",
  "report-to",
];

/** Sets the headers for the answer's kind, and those in `more`. */
export function withAnswerHeaders(
  answer: Response,
  { path, isIntegration }: { path: string; isIntegration: boolean },
  more: Record<string, string> = {},
): Response {
  const headers: Record<string, string> = { "x-content-type-options": "nosniff", ...more };
  // API answers contain private data, and some contain keys.
  if (/^\/(api|v1)\//.test(path) && !answer.headers.has("cache-control"))
    headers["cache-control"] = "no-store";
  const isActive = isIntegration && !PASSIVE.test(answer.headers.get("content-type") ?? "");
  const change = (changed: Response): Response => {
    for (const [name, value] of Object.entries(headers)) changed.headers.set(name, value);
    // Appended, so that the integration's own policy applies as well.
    if (isActive) changed.headers.append("content-security-policy", SANDBOX);
    if (isIntegration) {
      for (const name of OF_THE_ORIGIN) changed.headers.delete(name);
      refuseCookie(changed.headers);
    }
    return changed;
  };
  try {
    return change(answer);
  } catch {
    // The headers of an answer that came from fetch() cannot be changed.
    return change(new Response(answer.body, answer));
  }
}
