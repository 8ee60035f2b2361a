// The page at /swagger: Scalar, from the bytes that Heddle carries.

import { swagger } from "@elysiajs/swagger";

export const OPENAPI_PAGE = "/swagger";
export const OPENAPI_JSON = `${OPENAPI_PAGE}/json`;
export const SCALAR_BUNDLE = `${OPENAPI_PAGE}/scalar.js`;

/** Everything that Scalar would fetch from elsewhere is off: fonts, proxy, telemetry, assistants. */
const SCALAR = {
  url: OPENAPI_JSON,
  theme: "default",
  customCss: "body { margin: 0; }",
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

/** The plugin for this page; its document, at the same path, is served by nobody (openapi.ts puts another in its place). */
export const swaggerPlugin = (version: string) =>
  swagger({
    path: OPENAPI_PAGE,
    specPath: OPENAPI_JSON,
    scalarCDN: SCALAR_BUNDLE,
    documentation: { info: { title: "Heddle API", version, description: "The REST API of this server." } },
    // Its type is of an older Scalar than the one that is served. `spec` is what that one no longer wants.
    scalarConfig: { ...SCALAR, spec: undefined } as object,
  });

/**
 * The plugin's page with an icon, without the attribute for older Scalars, and with nothing between the tags of its
 * configuration, so that a policy without a word for inline scripts fits it.
 */
export async function pageOf(plugin: ReturnType<typeof swaggerPlugin>): Promise<string> {
  const html = await (await plugin.handle(new Request(`http://localhost${OPENAPI_PAGE}`))).text();
  return html
    .replace("</title>", `</title>\n    <link rel="icon" href="${ICON}">`)
    .replace('data-url="undefined"', "")
    .replace(">\n    </script>", "></script>");
}

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
