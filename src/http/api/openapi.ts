// The API's documentation: /swagger/json, and Scalar at /swagger from the bytes that Heddle carries.

import { createHash } from "node:crypto";
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { HeddleError } from "../../errors.ts";

export interface OpenApiOptions {
  version: string;
  /** @scalar/api-reference's standalone bundle. */
  scalarBundle: () => Promise<Blob | undefined>;
}

export const OPENAPI_PAGE = "/swagger";
const BUNDLE = "/swagger/scalar.js";

// Stands in an attribute of the page as it is: no double quotes, no angle brackets.
const DESCRIPTION = `Every request needs \`Authorization: Bearer\` and an API key, except those to /health and /ready.

An error is an object \`error\` with a \`code\` for programs, a \`message\` for people and, where one field of the
input is wrong, that \`field\`. Lists that go on have a \`next_cursor\`: pass it as \`cursor\` for the next page.
Every answer has an \`X-Request-Id\`, which the log has, too.`;

/** An Elysia plugin; use it on the instance that has the routes. */
export function openApi({ version, scalarBundle }: OpenApiOptions) {
  return new Elysia()
    .use(
      swagger({
        path: OPENAPI_PAGE,
        scalarCDN: BUNDLE,
        documentation: {
          info: { title: "Heddle", version, description: DESCRIPTION },
          security: [{ bearer: [] }],
          components: {
            securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An API key: hdl_…" } },
          },
        },
        // Its type is of an older Scalar than the one that is served.
        scalarConfig: SCALAR as object,
      }),
    )
    .get(
      BUNDLE,
      async () => {
        const bundle = await scalarBundle();
        if (!bundle) throw new HeddleError("not_found", "This build has no API reference page.");
        return new Response(bundle, {
          headers: {
            "content-type": "text/javascript; charset=utf-8",
            "cache-control": "public, max-age=3600",
          },
        });
      },
      { detail: { hide: true } },
    );
}

/** Everything that Scalar would fetch from elsewhere is off: fonts, proxy, telemetry, assistants. */
const SCALAR = {
  url: `${OPENAPI_PAGE}/json`,
  theme: "default",
  customCss: "body { margin: 0; }",
  withDefaultFonts: false,
  proxyUrl: "",
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
};

/** What the plugin's page has between the tags of the script element that carries Scalar's configuration. */
const CONFIGURATION_SCRIPT = "\n    ";

/** Of the page only: nothing but this server is asked for anything. */
export const OPENAPI_PAGE_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    `script-src 'self' 'sha256-${createHash("sha256").update(CONFIGURATION_SCRIPT).digest("base64")}'`,
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
