/**
 * JSON text without halves of surrogate pairs, which `JSON.stringify` writes as escapes: Anthropic refuses a request that has one, and
 * servers in Python fail when they read it. Where a backslash is itself escaped, what follows is text.
 */
export const wellFormedJson = (json: string): string =>
  json.includes("\\ud") || json.includes("\\uD")
    ? json.replace(
        /\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g,
        (found) => (found.length === LONE ? "\ufffd" : found),
      )
    : json;

const LONE = "\\udddd".length;
