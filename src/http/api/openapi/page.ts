// The page at /swagger: Scalar, from the bytes that Heddle carries.

export const OPENAPI_PAGE = "/swagger";
export const OPENAPI_JSON = `${OPENAPI_PAGE}/json`;
export const SCALAR_BUNDLE = `${OPENAPI_PAGE}/scalar.js`;

/** Everything that Scalar would fetch from elsewhere is off: fonts, proxy, telemetry, assistants. */
const SCALAR = {
  url: OPENAPI_JSON,
  theme: "default",
  withDefaultFonts: false,
  proxyUrl: "",
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  // The key that somebody types at the top of the page is still there after a reload.
  persistAuth: true,
};

/** Three threads over three: drawn here, so that a browser asks for no /favicon.ico. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M4 1v14M8 1v14M12 1v14M1 5h14M1 11h14' stroke='%236b5bd6' stroke-width='2'/%3E%3C/svg%3E";

export const OPENAPI_HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Heddle API</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="${ICON}">
    <style>body { margin: 0; }</style>
  </head>
  <body>
    <script id="api-reference" data-configuration='${JSON.stringify(SCALAR)}'></script>
    <script src="${SCALAR_BUNDLE}"></script>
  </body>
</html>
`;

/** Of the page only: nothing but this server is asked for anything. */
export const OPENAPI_PAGE_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
