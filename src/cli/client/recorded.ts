/** A webhook read from a file, ready to be sent. */
export interface Recorded {
  path?: string;
  headers: Record<string, string>;
  /** The exact text to send. */
  body: string;
}

/**
 * Reads a webhook from a file's text: either an object with `headers` and `body`, as GET /api/v1/inbox/{id} returns it
 * (a body that is not a string is written as JSON), or the body itself.
 */
export function recordedIn(text: string): Recorded {
  const value = jsonIn(text);
  if (typeof value !== "object" || value === null || !("headers" in value) || !("body" in value)) {
    return { headers: {}, body: text };
  }
  const { headers, body } = value;
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    return { headers: {}, body: text };
  }
  return {
    ...("path" in value && typeof value.path === "string" && { path: value.path }),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, given]) => [name.toLowerCase(), String(given)]),
    ),
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The body is a form or plain text.
    return undefined;
  }
}
