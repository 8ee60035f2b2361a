// The admin API of integrations as the UI uses it, over folders loaded by the real loader.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { noReview, type PendingApproval, type Review } from "../../../../src/integrations/review/review.ts";
import { oneDatabase } from "../../../database.ts";
import { nextCall, toolNamed } from "../../../integrations/harness.ts";
import { until } from "../../../until.ts";
import { type AdminFixture, createAdminFixture } from "./fixture.ts";

const FULL = {
  "mine/config.ts": `import { defineConfig, t } from "heddle/sdk";
export const settings = defineConfig({
  MINE_TOKEN: t.String(),
  MINE_COUNT: t.Integer({ default: 3, minimum: 1, description: "How many" }),
  MINE_NOTE: t.Optional(t.String()),
});
`,
  "mine/setup.ts": `import { defineSetup } from "heddle/sdk";
export const SETUP = defineSetup({
  version: "1.2",
  icon: "Zap",
  instructions_url: "https://example.com/mine",
  env_vars: [
    { key: "MINE_TOKEN", required: true, description: "Of the service" },
    { key: "MINE_URL", required: true, description: "Where it is" },
  ],
  dependencies: [{ package: "left-pad-of-the-test" }],
  api_permissions: ["documents:write", "sessions:write"],
  webhook: { path: "/webhook", description: "Events", verifier: { scheme: "github", secret: "MINE_TOKEN" } },
  sidebar_section: { id: "mine", items: [{ label: "Overview", href: "/mine" }] },
  dashboard_modules: [{ id: "good", label: "Good" }, { id: "bad", label: "Bad" }, { id: "throws", label: "Throws" }, { id: "gone", label: "Gone" }],
  web_ui: { static_dir: "web" },
  admin_paths: ["/mc/good"],
});
`,
  "mine/router.ts": `import { Elysia } from "heddle/sdk";
import { settings } from "./config.ts";
export const router = new Elysia()
  .get("/say", () => settings.MINE_TOKEN.length + " " + settings.MINE_COUNT)
  .get("/mc/good/data", () => ({ title: "Good", sections: [
    { type: "stat_row", stats: [{ label: "a", value: 1 }] },
    { type: "table", headers: ["a", "b"], rows: [["x", 1]] },
    { type: "markdown", content: "# A" },
    { type: "chart", kind: "line", x: ["mo", "tu"], series: [{ label: "s", data: [1, 2] }] },
  ] }))
  .get("/mc/bad/data", () => ({ title: "Bad", sections: [
    { type: "stat_row", stats: [{ label: "a" }] },
    { type: "tabel", headers: [] },
    { type: "chart", kind: "dots", x: [], series: [] },
  ] }))
  .get("/mc/throws/data", () => { throw new Error("with hunter2-in-it"); });
`,
  "mine/web/index.html": "<p>mine",
  "mine/README.md": `# Mine\n\n${"word ".repeat(2000)}`,
  "mine/hooks.ts": `import { registerIntegration } from "heddle/sdk";
import { settings } from "./config.ts";
registerIntegration({
  integrationType: "mine",
  clientIdPrefix: "mine:",
  testConnection({ signal }) {
    if (!settings.MINE_TOKEN) throw new Error("MINE_TOKEN must be set");
    if (settings.MINE_TOKEN === "refused-4711-Token") throw new Error("401 for refused-4711-Token");
    return signal.aborted ? "too late" : "Signed in as octocat.";
  },
});
`,
  "plain/tools/a.ts": toolNamed("plain_a"),
  "broken/tools/b.ts": `${toolNamed("broken_b")}\nthrow new Error("not today");\n`,
};

oneDatabase("admin API of integrations", (open) => {
  let admin: AdminFixture;
  beforeAll(async () => {
    admin = await createAdminFixture(await open(), FULL);
  }, 30_000);
  afterAll(() => admin[Symbol.asyncDispose]());

  test("the list shows each integration's status and contents", async () => {
    const { status, body } = await admin.get("");
    expect(status).toBe(200);
    const byId = Object.fromEntries(body.integrations.map((one: { id: string }) => [one.id, one]));
    expect(Object.keys(byId)).toEqual(["broken", "mine", "plain"]);
    expect(byId.mine).toMatchObject({
      version: "1.2",
      source: "external",
      icon: "Zap",
      description: `${"word ".repeat(60)}…`,
      last_webhook_at: null,
      status: "not_configured",
      has_router: true,
      has_tools: false,
      dependencies: [{ package: "left-pad-of-the-test", installed: false }],
      deps_installed: false,
      webhook: {
        url: "https://heddle.example/integrations/mine/webhook",
        path: "/integrations/mine/webhook",
        description: "Events",
        scheme: "github",
      },
      api_permissions: ["documents:write", "sessions:write"],
      instructions_url: "https://example.com/mine",
      web_ui: { path: "/integrations/mine/ui/", dev_port: null },
      error: null,
    });
    expect(byId.mine.env_vars).toContainEqual(expect.objectContaining({ key: "MINE_COUNT", default: "3" }));
    expect(
      byId.mine.env_vars.map(({ key, is_set }: { key: string; is_set: boolean }) => [key, is_set]),
    ).toEqual([
      ["MINE_TOKEN", false],
      ["MINE_COUNT", false],
      ["MINE_NOTE", false],
      ["MINE_URL", false],
    ]);
    expect(byId.plain).toMatchObject({ status: "ready", icon: "Plug", has_tools: true, webhook: null });
    expect(byId.broken).toMatchObject({
      status: "quarantined",
      is_live: false,
      error: { reason: "not today", file: "tools/b.ts", line: 4 },
    });
  });

  test("a single integration is shown with its manifest and the beginning of its README", async () => {
    const { body } = await admin.get("/mine");
    expect(body).toMatchObject({ id: "mine", folder: admin.at("mine"), setup: { version: "1.2" } });
    expect(body.readme).toHaveLength(5000);
    expect(body.sidebar_section).toMatchObject({ title: "MINE" });
    expect(body.dashboard_modules[0]).toMatchObject({ api_base: "/integrations/mine/mc/good" });
  });

  test("README, errors, icons, sections, modules and schemas", async () => {
    const readme = await admin.get("/mine/readme");
    expect(readme.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    expect(readme.body).toBe(FULL["mine/README.md"]);
    expect((await admin.get("/plain/readme")).status).toBe(404);
    // A link out of the folder does not reveal its target.
    await writeFile(admin.at("secret.txt"), "secret");
    await symlink(admin.at("secret.txt"), admin.at("plain/README.md"));
    expect((await admin.get("/plain/readme")).status).toBe(404);

    expect((await admin.get("/broken/errors")).body).toEqual({
      errors: [{ reason: "not today", file: "tools/b.ts", line: 4, column: expect.any(Number) }],
      next_cursor: null,
    });
    expect((await admin.get("/mine/errors")).body).toEqual({ errors: [], next_cursor: null });
    expect((await admin.get("/icons")).body.icons).toMatchObject({ mine: "Zap", plain: "Plug" });
    expect((await admin.get("/sidebar-sections")).body).toMatchObject({
      sections: [
        {
          integration_id: "mine",
          id: "mine",
          title: "MINE",
          icon: "Plug",
          items: [{ label: "Overview", href: "/mine", icon: "Plug" }],
          readiness_endpoint: null,
          readiness_field: null,
        },
      ],
    });
    const { modules } = (await admin.get("/dashboard-modules")).body;
    expect(modules[0]).toEqual({
      integration_id: "mine",
      id: "good",
      label: "Good",
      icon: "Zap",
      description: null,
      api_base: "/integrations/mine/mc/good",
    });
    expect((await admin.get("/manifest-schema")).body.properties.env_vars.type).toBe("array");
    expect((await admin.get("/dashboard-schema")).body.properties.sections.type).toBe("array");
  });

  test("its pages are public, its admin paths are for administrators", async () => {
    const get = (path: string, key: string | null) => admin.send("GET", `/integrations/mine${path}`, { key });
    expect(await get("/ui/any/page", null)).toMatchObject({ status: 200, body: "<p>mine" });
    expect((await get("/ui/README.md", null)).status).toBe(404);
    expect((await get("/ui/.%2e/README.md", null)).status).toBe(401);
    const reader = await admin.keyWith("integrations:read");
    expect((await get("/mc/good/data", reader)).status).toBe(403);
    expect((await get("/mc/bad/data", reader)).status).toBe(200);
    expect((await get("/mc/good/data", await admin.keyWith("admin"))).status).toBe(200);
  });

  test("the answer of a dashboard module is validated", async () => {
    const validate = async (module: string) =>
      (await admin.post(`/mine/dashboard-modules/${module}/validate`)).body;
    expect(await validate("good")).toEqual({ valid: true, errors: [] });
    expect(await validate("bad")).toEqual({
      valid: false,
      errors: [
        { path: "sections[0].stats[0].value", message: "is missing" },
        { path: "sections[1].type", message: expect.stringContaining("stat_row, table, markdown, chart") },
        { path: "sections[2].kind", message: expect.stringContaining("line, bar, area, pie") },
      ],
    });
    const thrown = await validate("throws");
    expect(thrown.errors).toEqual([{ path: "", message: expect.stringContaining("threw") }]);
    expect(JSON.stringify(thrown)).not.toContain("hunter2");
    expect((await validate("gone")).errors).toEqual([
      { path: "", message: "GET /mc/gone/data must be a route of the integration" },
    ]);
    expect((await admin.post("/mine/dashboard-modules/other/validate")).status).toBe(404);
    expect((await admin.post("/plain/dashboard-modules/good/validate")).status).toBe(404);
  });

  describe("settings", () => {
    test("are stored, shown masked, read by the code at once, and removed again", async () => {
      const values = { MINE_TOKEN: "canary-token-of-mine", MINE_COUNT: 7, MINE_URL: "http://there" };
      const stored = await admin.put("/mine/settings", { settings: values });
      expect([stored.status, stored.body]).toEqual([
        200,
        { applied: ["MINE_TOKEN", "MINE_COUNT", "MINE_URL"] },
      ]);
      const { settings } = (await admin.get("/mine/settings")).body;
      expect(settings).toEqual([
        expect.objectContaining({
          key: "MINE_TOKEN",
          description: "Of the service",
          required: true,
          secret: true,
          value: "********mine",
          source: "stored",
          is_set: true,
          default: null,
          declared: true,
        }),
        expect.objectContaining({
          key: "MINE_COUNT",
          value: "7",
          source: "stored",
          default: "3",
          schema: { type: "integer", default: 3, minimum: 1, description: "How many" },
        }),
        expect.objectContaining({
          key: "MINE_NOTE",
          value: null,
          source: null,
          is_set: false,
          required: false,
        }),
        expect.objectContaining({ key: "MINE_URL", value: "http://there", required: true, secret: false }),
      ]);
      expect(await admin.ask("mine", "/say")).toBe("20 7");
      // The npm package is still missing.
      expect((await admin.get("/mine")).body.status).toBe("partial");
      await mkdir(admin.at("mine/node_modules/left-pad-of-the-test"), { recursive: true });
      expect((await admin.get("/mine")).body.status).toBe("ready");

      expect((await admin.put("/mine/settings", { settings: { MINE_COUNT: "" } })).body).toEqual({
        applied: ["MINE_COUNT"],
      });
      expect(await admin.ask("mine", "/say")).toBe("20 3");
      expect((await admin.del("/mine/settings/MINE_TOKEN")).body).toEqual({ deleted: "MINE_TOKEN" });
      expect((await admin.del("/mine/settings/MINE_TOKEN")).status).toBe(404);
      expect((await admin.get("/mine")).body.status).toBe("partial");
      await admin.put("/mine/settings", { settings: { MINE_URL: null } });
      expect((await admin.get("/mine")).body.status).toBe("not_configured");
    });

    test("an unknown key or an invalid value is named and changes nothing", async () => {
      const before = (await admin.get("/mine/settings")).body;
      const refused = async (settings: unknown) => {
        const { status, body } = await admin.put("/mine/settings", { settings });
        return [status, body.error.code, body.error.field, body.error.message];
      };
      expect(await refused({ MINE_URL: "x", MINE_TOKN: "y" })).toEqual([
        422,
        "validation",
        "settings.MINE_TOKN",
        "MINE_TOKN is not a setting of this integration. Did you mean MINE_TOKEN?",
      ]);
      expect(await refused({ MINE_URL: "x", MINE_COUNT: 0 })).toEqual([
        422,
        "validation",
        "settings.MINE_COUNT",
        expect.stringContaining("of at least 1"),
      ]);
      expect((await refused({ MINE_URL: "x", _api_key: "y" })).slice(0, 3)).toEqual([
        422,
        "validation",
        "settings._api_key",
      ]);
      expect((await refused({})).slice(0, 2)).toEqual([422, "validation"]);
      expect((await refused({ MINE_URL: ["x"] })).slice(0, 2)).toEqual([422, "validation"]);
      expect((await admin.get("/mine/settings")).body).toEqual(before);
    });

    test("are not overwritten by whoever has not seen what is stored", async () => {
      const read = async () => (await admin.get("/mine/settings")).headers.get("etag") ?? "";
      const seen = await read();
      expect(seen).toMatch(/^"[0-9a-f]{32}"$/);
      await admin.settings.set("mine", [{ key: "_internal", value: "1", secret: false }]);
      expect(await read()).toBe(seen);
      const put = (tag: string, settings: object) =>
        admin.put("/mine/settings", { settings }, { "if-match": tag });
      // Of two that have seen the same, one is stored, even if nothing was there before.
      const both = await Promise.all([put(seen, { MINE_URL: "a" }), put(seen, { MINE_URL: "b" })]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
      expect((await put(seen, { MINE_COUNT: 4 })).body.error.code).toBe("changed_meanwhile");
      expect((await put(await read(), { MINE_COUNT: 4 })).status).toBe(200);
      const now = await read();
      // What is removed is a change as well, which is refused for the same reason.
      expect((await admin.del("/mine/settings/MINE_COUNT", { "if-match": seen })).status).toBe(412);
      expect((await admin.del("/mine/settings/MINE_COUNT", { "if-match": now })).status).toBe(200);
      expect((await put(now, { MINE_COUNT: 5 })).status).toBe(412);
      expect((await put(await read(), { MINE_URL: null })).status).toBe(200);
    });

    test("a setting that is stored but no longer declared is shown without its value and can be removed", async () => {
      await admin.settings.set("plain", [
        { key: "OLD_TOKEN", value: "canary-that-is-old", secret: true },
        { key: "_internal", value: "1", secret: false },
      ]);
      expect((await admin.get("/plain/settings")).body.settings).toMatchObject([
        { key: "OLD_TOKEN", value: null, declared: false, source: "stored" },
      ]);
      expect((await admin.del("/plain/settings/_internal")).status).toBe(404);
      expect((await admin.del("/plain/settings/OLD_TOKEN")).status).toBe(200);
      expect((await admin.get("/plain/settings")).body.settings).toEqual([]);
    });
  });

  test("the connection is tested by its own code; what it says is shown without secrets", async () => {
    const tested = async (id: string) => {
      const { status, body } = await admin.post(`/${id}/test-connection`);
      return [status, body.ok ?? body.error.code, body.message ?? body.error.message];
    };
    expect((await admin.get("/mine")).body.has_connection_test).toBe(true);
    expect((await admin.get("/plain")).body.has_connection_test).toBe(false);
    expect(await tested("mine")).toEqual([200, false, "The setting MINE_TOKEN is not set"]);
    await admin.put("/mine/settings", { settings: { MINE_TOKEN: "refused-4711-Token" } });
    expect(await tested("mine")).toEqual([200, false, "401 for [redacted]"]);
    await admin.put("/mine/settings", { settings: { MINE_TOKEN: "another-token" } });
    expect(await tested("mine")).toEqual([200, true, "Signed in as octocat."]);
    await admin.del("/mine/settings/MINE_TOKEN");
    expect(await tested("plain")).toEqual([409, "conflict", '"plain" has no test of its connection.']);
    expect(await tested("broken")).toEqual([
      409,
      "conflict",
      '"broken" is not running, so its connection cannot be tested.',
    ]);
  });

  test("disabling removes its routes and tools; enabling restores them", async () => {
    const { name, version, icon } = (await admin.get("/mine")).body;
    expect((await admin.post("/mine/disable")).body).toMatchObject({
      ...{ status: "disabled", enabled: false, is_live: false },
      ...{ name, version, icon },
    });
    const say = (path: string) => admin.send("GET", `/integrations/${path}`);
    expect((await say("mine/say")).status).toBe(503);
    expect((await admin.get("/sidebar-sections")).body.sections).toEqual([]);
    expect((await admin.post("/mine/disable")).body.enabled).toBe(false);
    // Set while it is disabled, because its settings are still known.
    await admin.put("/mine/settings", { settings: { MINE_TOKEN: "a-token" } });
    expect((await admin.post("/mine/enable")).body).toMatchObject({ enabled: true, is_live: true });
    expect((await say("mine/say")).body).toBe("7 3");
    expect((await admin.post("/mine/enable")).status).toBe(200);
  });

  test("after a reload, the fixed version is live", async () => {
    await admin.write({ "broken/tools/b.ts": toolNamed("broken_b") });
    const { body } = await admin.post("/broken/reload");
    expect(body).toMatchObject({ status: "ready", is_live: true, error: null, tools: ["broken_b"] });
  });

  test("files that a bot wrote are shown, and approved by their hash", async () => {
    let pending: PendingApproval | null = {
      hash: "abc",
      files: [
        { path: "integrations/mine/a.ts", sha256: "00", botId: "helper", writtenAt: new Date("2030-01-01") },
      ],
    };
    const review: Review = {
      ...noReview,
      snapshot: async (found) => ({
        ...(await noReview.snapshot(found)),
        pending,
        changes: async () => [
          { path: "integrations/mine/a.ts", kind: "added", isWaiting: true, diff: "+export {};\n" },
        ],
      }),
      approve: async () => {
        pending = null;
      },
    };
    await using waiting = await createAdminFixture(
      await open(),
      { "mine/tools/a.ts": toolNamed("a") },
      { review },
    );
    const { body } = await waiting.get("/mine");
    expect(body).toMatchObject({
      status: "pending_approval",
      is_live: false,
      pending: {
        hash: "abc",
        files: [
          {
            path: "integrations/mine/a.ts",
            sha256: "00",
            bot_id: "helper",
            written_at: "2030-01-01T00:00:00.000Z",
          },
        ],
        changes: [{ path: "integrations/mine/a.ts", kind: "added", is_waiting: true, diff: "+export {};\n" }],
      },
    });
    expect((await waiting.post("/mine/approve", { hash: "abd" })).body.error.code).toBe("conflict");
    expect((await waiting.post("/mine/approve", { hash: "abc" })).body).toMatchObject({
      status: "ready",
      tools: ["a"],
    });
    expect((await waiting.get("/mine")).body.pending).toBeNull();
  });

  test("an integration that could not load without a setting loads once it is set", async () => {
    await using all = await createAdminFixture(await open(), {
      "needy/config.ts": `import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ NEEDY_URL: t.String() });\n`,
      "needy/tools/a.ts": `import { settings } from "../config.ts";\nexport const url = settings.NEEDY_URL;\n${toolNamed("needy_a")}`,
    });
    all.settings.onChange(all.integrations.retry);
    expect((await all.get("/needy")).body).toMatchObject({
      status: "quarantined",
      error: { reason: "The setting NEEDY_URL is not set", file: "tools/a.ts", line: 2 },
      env_vars: [{ key: "NEEDY_URL", required: true, default: null, is_set: false }],
    });
    const live = nextCall(all.integrations.onChange);
    expect((await all.put("/needy/settings", { settings: { NEEDY_URL: "there" } })).status).toBe(200);
    expect(await live).toEqual(["needy", "live"]);
    expect((await all.get("/needy")).body.status).toBe("ready");
  });

  test("the packages of its package.json are installed, and it is loaded with them", async () => {
    await using all = await createAdminFixture(await open(), {
      "mine/package.json": `{ "private": true, "dependencies": { "other": "file:../../other" } }`,
      "mine/tools/a.ts": `import { says } from "other";\n${toolNamed("mine_a", "() => says")}`,
      "manifest/setup.ts": `export const SETUP = { dependencies: [{ package: "nowhere-to-be-found" }] };`,
      "manifest/tools/b.ts": toolNamed("manifest_b"),
      "none/tools/c.ts": toolNamed("none_c"),
      "../other/package.json": `{ "name": "other", "version": "1.0.0", "main": "index.js" }`,
      "../other/index.js": `exports.says = "from the package";`,
    });
    expect((await all.get("/mine")).body).toMatchObject({
      status: "quarantined",
      dependencies: [{ package: "other", installed: false }],
    });
    const { status, body } = await all.post("/mine/install-deps");
    expect([status, body.installed]).toEqual([200, ["other"]]);
    expect(body.integration).toMatchObject({
      status: "ready",
      dependencies: [{ package: "other", installed: true }],
    });
    expect(all.call("mine_a")).toBe("from the package");

    const failed = await all.post("/manifest/install-deps");
    expect([failed.status, failed.body.error.code]).toEqual([502, "upstream"]);
    expect(failed.body.error.message).toContain("nowhere-to-be-found");
    expect((await all.post("/none/install-deps")).body.error.code).toBe("validation");
  }, 120_000);

  test("an integration's key: shown once, one at a time, with the scopes of the manifest", async () => {
    expect((await admin.get("/mine/api-key")).body).toEqual({
      api_permissions: ["documents:write", "sessions:write"],
      api_key: null,
    });
    const { status, body: first } = await admin.post("/mine/api-key");
    expect([status, first.owner, first.scopes]).toEqual([
      201,
      "integration:mine",
      ["documents:write", "sessions:write"],
    ]);
    const use = (key: string) => admin.send("GET", "/api/v1/documents/search?q=a", { key });
    expect((await use(first.key)).status).toBe(200);
    const second = await admin.post("/mine/api-key");
    expect([(await use(first.key)).status, (await use(second.body.key)).status]).toEqual([401, 200]);
    const { key, ...known } = second.body;
    // The last use is written asynchronously.
    const used = async () => (await admin.get("/mine/api-key")).body.api_key;
    expect(await until(used, ({ last_used_at }) => last_used_at !== null)).toEqual({
      ...known,
      last_used_at: expect.anything(),
    });
    expect((await admin.del("/mine/api-key")).status).toBe(204);
    expect((await use(key)).status).toBe(401);
    expect((await admin.del("/mine/api-key")).status).toBe(404);
    expect((await admin.post("/plain/api-key")).body.error).toMatchObject({ code: "bad_request" });
  });

  test("an unknown integration is 404 everywhere; every route checks its scope", async () => {
    const routes = adminRoutes(admin);
    expect(routes.length).toBeGreaterThanOrEqual(18);
    const readOnly = await admin.keyWith("integrations:read");
    const writer = await admin.keyWith("integrations:*");
    const other = await admin.keyWith("channels:*", "documents:*");
    for (const { method, path } of routes) {
      const values = { id: "mine", module: "good", key: "MINE_URL", name: "account" };
      const url = path.replaceAll(/:(\w+)/g, (_, parameter: keyof typeof values) => values[parameter]);
      const status = async (key: string | null) =>
        (await admin.send(method, url, { key, ...(method !== "GET" && { body: {} }) })).status;
      const name = `${method} ${path}`;
      expect([name, await status(null)]).toEqual([name, 401]);
      expect([name, await status("hdl_wrong")]).toEqual([name, 401]);
      expect([name, await status(other)]).toEqual([name, 403]);
      // This fixture has no processes and no inbox; their routes are tested elsewhere.
      if (/\/(process|receive)/.test(path)) continue;
      // Code may have in it what not everybody is to read.
      if (/\/files?$/.test(path)) {
        expect([name, await status(readOnly), await status(writer)]).toEqual([name, 403, 403]);
        continue;
      }
      if (method === "GET") expect([name, await status(readOnly)]).toEqual([name, 200]);
      else expect([name, await status(readOnly), await status(writer)]).toEqual([name, 403, 403]);

      if (!path.includes(":id")) continue;
      const unknown = await admin.send(method, url.replace("/mine", "/nobody"), {
        ...(method === "PUT" && { body: { settings: { A: "b" } } }),
        ...(path.endsWith("/approve") && { body: { hash: "abc" } }),
      });
      expect([name, unknown.status, unknown.body.error?.code]).toEqual([name, 404, "not_found"]);
    }
  });
});

const adminRoutes = ({ app }: AdminFixture) =>
  app.elysia.routes.filter(({ path }) => path.startsWith("/api/v1/admin/integrations"));
