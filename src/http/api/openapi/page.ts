// The page at /swagger: Scalar, served from a bundle that ships with Heddle.

import { swagger } from "@elysiajs/swagger";

export const OPENAPI_PAGE = "/swagger" as const;
export const OPENAPI_JSON = `${OPENAPI_PAGE}/json` as const;
/** What is not needed for working with bots, but for setting the server up. */
export const ADMINISTRATION_JSON = `${OPENAPI_PAGE}/admin/json` as const;
/** Both parts in one document, for generators of clients. */
export const WHOLE_JSON = `${OPENAPI_PAGE}/all/json` as const;
export type DocumentPath = typeof OPENAPI_JSON | typeof ADMINISTRATION_JSON | typeof WHOLE_JSON;
export const SCALAR_BUNDLE = `${OPENAPI_PAGE}/scalar.js`;

/** Turns off everything that Scalar would fetch from elsewhere: fonts, proxy, telemetry, assistants. */
const SCALAR = {
  sources: [
    { title: "Heddle API", slug: "api", url: OPENAPI_JSON, default: true },
    { title: "Administration", slug: "administration", url: ADMINISTRATION_JSON },
  ],
  theme: "default",
  customCss: "body { margin: 0; }",
  withDefaultFonts: false,
  proxyUrl: "",
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  // Keeps the API key that was entered across a reload of the page: see KEY_STORE_SCRIPT.
  persistAuth: true,
};

/** The path of KEY_STORE_SCRIPT, which is a separate file because the page's policy allows no inline scripts. */
export const KEY_STORE = `${OPENAPI_PAGE}/key-store.js`;

/**
 * Scalar keeps the key in localStorage, which outlives the browser session and is shared by all pages of this server,
 * including those of integrations. This script makes it use the tab's sessionStorage instead, with one entry for all documents, so
 * that the key is entered once. Links to operations of before the document had two parts lead to the first of them.
 */
export const KEY_STORE_SCRIPT = `const KEYS = "scalar-reference-auth";
for (const method of ["getItem", "setItem", "removeItem"]) {
  const original = Storage.prototype[method];
  Storage.prototype[method] = function (key, ...rest) {
    const isKey = this === localStorage && String(key).startsWith(KEYS);
    return isKey ? original.call(sessionStorage, KEYS, ...rest) : original.call(this, key, ...rest);
  };
}
if (location.hash.startsWith("#tag/")) location.hash = "#api/" + location.hash.slice(1);
`;

/** Three threads crossing three others. The icon is inline, so that browsers do not request /favicon.ico. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M4 1v14M8 1v14M12 1v14M1 5h14M1 11h14' stroke='%236b5bd6' stroke-width='2'/%3E%3C/svg%3E";

/** The plugin that renders this page. Its own document is never served: openapi.ts replaces it. */
export const swaggerPlugin = (version: string) =>
  swagger({
    path: OPENAPI_PAGE,
    specPath: OPENAPI_JSON,
    scalarCDN: SCALAR_BUNDLE,
    documentation: { info: { title: "Heddle API", version, description: "The REST API of this server." } },
    // The plugin's type is for an older Scalar than the one served, which no longer accepts `spec`.
    scalarConfig: { ...SCALAR, spec: undefined } as object,
  });

/**
 * Returns the plugin's page with an icon and the key store, without the attribute for older Scalars, and without
 * inline content in the configuration's script tag, so that the page works under a content security policy that
 * allows no inline scripts.
 */
export async function pageOf(plugin: ReturnType<typeof swaggerPlugin>): Promise<string> {
  const html = await (await plugin.handle(new Request(`http://localhost${OPENAPI_PAGE}`))).text();
  return html
    .replace(
      "</title>",
      `</title>\n    <link rel="icon" href="${ICON}">\n    <script src="${KEY_STORE}"></script>`,
    )
    .replace('data-url="undefined"', "")
    .replace(">\n    </script>", "></script>");
}

/** Headers of the page alone: it may load resources only from this server. */
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
