// What every answer says to browsers, whoever made it.

export const REQUEST_ID = "x-request-id";

/** A page of an integration shares this server's address: it gets an origin of its own, which is nobody's. */
const SANDBOX = "sandbox allow-scripts allow-forms allow-popups allow-downloads; frame-ancestors 'self'";
/** Types that a browser runs scripts of. */
const ACTIVE = /^(?:text\/html|application\/xhtml\+xml|image\/svg\+xml|(?:text|application)\/xml)\b/i;

/** The answer with the headers of its kind; `more` are set besides. */
export function withAnswerHeaders(
  answer: Response,
  { path, isIntegration }: { path: string; isIntegration: boolean },
  more: Record<string, string> = {},
): Response {
  const headers: Record<string, string> = { "x-content-type-options": "nosniff", ...more };
  // Answers of the API may hold keys, and always hold somebody's data.
  if (path.startsWith("/api/") && !answer.headers.has("cache-control")) headers["cache-control"] = "no-store";
  const isActive = isIntegration && ACTIVE.test(answer.headers.get("content-type") ?? "");
  const change = (changed: Response): Response => {
    for (const [name, value] of Object.entries(headers)) changed.headers.set(name, value);
    // Added to what the integration says itself: both count.
    if (isActive) changed.headers.append("content-security-policy", SANDBOX);
    return changed;
  };
  try {
    return change(answer);
  } catch {
    // The headers of an answer that came from fetch() cannot be changed.
    return change(new Response(answer.body, answer));
  }
}
