import { describe, expect, test } from "bun:test";
import { findInLiteral } from "../../../src/integrations/discovery/find-in-literal.ts";
import {
  checkManifest,
  checkVerifierSecret,
  manifestJsonSchema,
  scopesOf,
} from "../../../src/integrations/manifest/manifest.ts";
import type { SetupManifest } from "../../../src/sdk/manifest.ts";
import { harness, toolNamed } from "../harness.ts";

/** A manifest with every key and with readonly lists. */
const COMPLETE = {
  version: "1.0",
  icon: "Zap",
  instructions_url: "https://example.com/setup",
  max_body_bytes: 2_000_000,
  to_paste: [
    { title: "Manifest", path: "/manifest?of=app", description: "Paste it", url: "https://example.com/apps" },
  ],
  env_vars: [
    { key: "MY_TOKEN", required: true, secret: true, description: "Of the service" },
    { key: "MY_PORT", default: "8080" },
  ],
  dependencies: [{ package: "@scope/name" }, { package: "mqtt" }],
  api_permissions: ["documents:write", "sessions:write"],
  webhook: {
    path: "/integrations/mine/webhook",
    description: "Events",
    verifier: { scheme: "hmac", header: "X-Sig", algorithm: "sha256", encoding: "hex", secret: "MY_TOKEN" },
  },
  public_paths: ["/status"],
  admin_paths: ["/endpoints"],
  route_scope: "usage",
  sidebar_section: {
    id: "mine",
    title: "MINE",
    icon: "Home",
    items: [{ label: "Overview", href: "/mine", icon: "Hash" }],
    readiness_endpoint: "/api/v1/mine/ready",
    readiness_field: "overview",
  },
  dashboard_modules: [{ id: "numbers", label: "Numbers", icon: "BarChart3", description: "Trends" }],
  activation: {
    carapaces: ["mine"],
    requires_workspace: true,
    description: "Adds it",
    compatible_templates: ["software"],
    includes: ["github"],
  },
  binding: {
    client_id_prefix: "mine:",
    client_id_placeholder: "mine:room",
    client_id_description: "The room",
    display_name_placeholder: "#room",
    event_types: ["push", { value: "pr", label: "Pull request" }],
    config_fields: [
      { key: "kinds", type: "multiselect", label: "Kinds", default: ["a"], options: ["a", "b"] },
      { key: "limit", type: "number", label: "Limit", default: 3 },
    ],
    filter_schema: { type: "object", properties: { event: { type: "string" } } },
  },
  web_ui: { static_dir: "web/dist", dev_port: 5173 },
} as const satisfies SetupManifest;

test("a manifest with every key is valid, and so is an empty one", () => {
  expect(checkManifest(COMPLETE)).toEqual([]);
  expect(checkManifest({})).toEqual([]);
});

const WRONG: [manifest: unknown, path: string, message: string][] = [
  [[], "", "must be an object; got an array"],
  [{ env_var: [] }, "env_var", 'did you mean "env_vars"?'],
  [{ python_dependencies: [] }, "python_dependencies", 'did you mean "dependencies"?'],
  [{ quite_another: 1 }, "quite_another", "is not known here"],
  [{ env_vars: [{ key: "A" }, { key: "B", requred: true }] }, "env_vars[1].requred", '"required"'],
  [
    { env_vars: [{ key: "A" }, { key: "MY KEY" }] },
    "env_vars[1].key",
    "must be a string of one or more letters",
  ],
  [{ env_vars: [{ key: "A" }, { key: "A" }] }, "env_vars[1].key", 'repeats "A"'],
  [{ env_vars: [{ required: true }] }, "env_vars[0].key", "is missing"],
  [{ webhook: { path: "webhook" } }, "webhook.path", 'must be a string that begins with "/"'],
  [
    { webhook: { path: "/w", verifier: { scheme: "git", secret: "A" } } },
    "webhook.verifier.scheme",
    "github, slack",
  ],
  [
    { webhook: { path: "/w", verifier: { scheme: "hmac", secret: "A" } } },
    "webhook.verifier.header",
    "is missing",
  ],
  [
    { webhook: { path: "/w", verifier: { scheme: "github", secret: "A", header: "x" } } },
    "webhook.verifier.header",
    "is not known here",
  ],
  [{ webhook: { path: "/w", verifier: { secret: "A" } } }, "webhook.verifier.scheme", "is missing"],
  [
    { webhook: { path: "/w", verifier: { scheme: "bearer", secret: "A", id: "not a header" } } },
    "webhook.verifier.id",
    "must match",
  ],
  [{ webhook: { path: "/w", verifier: { scheme: "github" } } }, "webhook.verifier.secret", "is missing"],
  [{ api_permissions: 5 }, "api_permissions", "must be"],
  [{ api_permissions: "slack" }, "api_permissions", "slack_integration"],
  [{ public_paths: ["GET /open/:id", "GET /open/*"] }, "public_paths[1]", 'write ":name"'],
  [{ api_permissions: ["tasks:read", "task:read"] }, "api_permissions[1]", 'did you mean "tasks:read"?'],
  [{ dependencies: [{ package: "Not A Name" }] }, "dependencies[0].package", "must match"],
  [{ sidebar_section: { id: "a", items: [{ label: "b" }] } }, "sidebar_section.items[0].href", "is missing"],
  [
    {
      dashboard_modules: [
        { id: "a", label: "A" },
        { id: "a", label: "B" },
      ],
    },
    "dashboard_modules[1].id",
    "repeats",
  ],
  [
    { binding: { client_id_prefix: "a:", config_fields: [{ key: "k", type: "strin", label: "K" }] } },
    "binding.config_fields[0].type",
    "string, number",
  ],
  [
    {
      binding: {
        client_id_prefix: "a:",
        config_fields: [{ key: "k", type: "number", label: "K", default: "1" }],
      },
    },
    "binding.config_fields[0].default",
    "number",
  ],
  [
    { binding: { client_id_prefix: "a:", config_fields: [{ key: "k", type: "multiselect", label: "K" }] } },
    "binding.config_fields[0].options",
    "must have at least one",
  ],
  [
    { binding: { client_id_prefix: "a:", filter_schema: { type: "objekt" } } },
    "binding.filter_schema",
    "JSON Schema",
  ],
  ...[
    "/../github/webhook",
    "/%2e%2e/github",

    "/\\..\\..\\api",
  ].map((path): [object, string, string] => [
    { to_paste: [{ title: "A", path }] },
    "to_paste[0].path",
    "below the integration's own",
  ]),
  [
    { to_paste: [{ title: "A", path: "/a", url: "javascript:alert(1)" }] },
    "to_paste[0].url",
    "must begin with",
  ],
  [{ to_paste: [{ title: "A", path: "a" }] }, "to_paste[0].path", "must match"],
  [{ web_ui: { static_dir: "../dist" } }, "web_ui.static_dir", "inside"],
  [{ web_ui: { static_dir: "./" } }, "web_ui.static_dir", "inside"],
  [{ web_ui: { static_dir: "/etc" } }, "web_ui.static_dir", "inside"],
  [{ web_ui: { static_dir: "dist", dev_port: 70_000 } }, "web_ui.dev_port", "65535"],
];

describe("an invalid manifest is reported with the field's path", () => {
  for (const [manifest, path, message] of WRONG) {
    test(JSON.stringify(manifest), () => {
      expect(checkManifest(manifest)).toEqual([{ path, message: expect.stringContaining(message) }]);
    });
  }
});

test("the webhook's secret must be a setting", () => {
  expect(checkVerifierSecret(COMPLETE, ["MY_TOKEN"])).toBeUndefined();
  expect(checkVerifierSecret(COMPLETE, ["MY_TOKENS"])).toEqual({
    path: "webhook.verifier.secret",
    message: 'must name a setting; did you mean "MY_TOKENS"?',
  });
  expect(checkVerifierSecret({}, [])).toBeUndefined();
});

test("a preset stands for its scopes", () => {
  expect(scopesOf({ api_permissions: "chat_client" })).toContain("chat:*");
  expect(scopesOf({ api_permissions: "admin" })).toEqual(["admin"]);
  expect(scopesOf({ api_permissions: ["a:read"] })).toEqual(["a:read"]);
  expect(scopesOf({})).toEqual([]);
});

test("the JSON Schema is plain JSON with every key", () => {
  const schema = manifestJsonSchema() as { properties: object };
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(COMPLETE).sort());
});

const SOURCE = `import { defineSetup } from "heddle/sdk";
// const SETUP = { version: 1 }
const more = { env_vars: [] };
export const SETUP = defineSetup({
  version: "1, 2: {", /* env_vars: [ */
  env_vars: [
    { key: "A", required: true },
    {
      key: "B",
      'secret': "yes",
    },
  ],
  webhook: { path: \`/\${more}
\`,
    verifier: { scheme: "x" } },
  binding: more.binding,
});
`;

test("the line of a field in the source", () => {
  const line = (...path: string[]) => findInLiteral(SOURCE, "SETUP", path);
  expect(line()).toBe(4);
  expect(line("version")).toBe(5);
  expect(line("env_vars")).toBe(6);
  expect(line("env_vars", "0", "required")).toBe(7);
  expect(line("env_vars", "1")).toBe(8);
  expect(line("env_vars", "1", "key")).toBe(9);
  expect(line("env_vars", "1", "secret")).toBe(10);
  expect(line("env_vars", "1", "missing")).toBe(8);
  expect(line("webhook", "verifier", "scheme")).toBe(15);
  expect(line("binding", "client_id_prefix")).toBe(16);
  expect(line("elsewhere")).toBe(4);
  expect(findInLiteral("export { SETUP } from './a.ts';", "SETUP", ["a"])).toBeUndefined();
});

test("an invalid manifest quarantines its integration, with the line of the field", async () => {
  const setup = (body: string) =>
    `import { defineSetup } from "heddle/sdk";\n\nexport const SETUP = defineSetup({\n${body}\n} as never);\n`;
  await using all = await harness({
    "typo/tools/a.ts": toolNamed("a"),
    "typo/setup.ts": setup(`  version: "1",\n  env_vars: [\n    { key: "A" },\n    { kee: "B" },\n  ],`),
    "secret/tools/b.ts": toolNamed("b"),
    "secret/config.ts": `import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ B_SECRET: t.String({ default: "" }) });`,
    "secret/setup.ts": setup(
      `  webhook: {\n    path: "/webhook",\n    verifier: { scheme: "github", secret: "B_SECRETS" },\n  },`,
    ),
    "none/tools/c.ts": toolNamed("c"),
    "none/setup.ts": "export const Setup = {};\n",
    "later/tools/e.ts": toolNamed("e"),
    "later/setup.ts": "export const SETUP = Promise.resolve({});",
    "fine/tools/d.ts": toolNamed("d"),
    "fine/config.ts": `import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ D_SECRET: t.String({ default: "" }) });`,
    "fine/setup.ts": setup(
      `  webhook: { path: "/webhook", verifier: { scheme: "github", secret: "D_SECRET" } },`,
    ),
  });
  await all.integrations.loadAll();
  const errorOf = (id: string) => all.integrations.get(id)?.error;
  expect(errorOf("typo")).toMatchObject({
    // Ajv reports missing properties before unknown ones.
    reason:
      'SETUP.env_vars[1].key is missing; in line 7: SETUP.env_vars[1].kee is not known here; did you mean "key"?',
    file: all.path("typo/setup.ts"),
    line: 7,
  });
  expect(errorOf("secret")).toMatchObject({
    reason: 'SETUP.webhook.verifier.secret must name a setting; did you mean "B_SECRET"?',
    file: all.path("secret/setup.ts"),
    line: 6,
  });
  expect(errorOf("later")).toMatchObject({ reason: "SETUP must be a plain object; got a Promise" });
  expect(errorOf("none")).toMatchObject({
    reason: "The file must export SETUP, an object; it exports Setup: did you mean SETUP?",
    line: 1,
  });
  expect(all.integrations.get("fine")).toMatchObject({ status: "ready", error: null });
});
