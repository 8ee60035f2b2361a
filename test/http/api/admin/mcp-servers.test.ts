import { beforeAll, expect, test } from "bun:test";
import { embeddedDatabase } from "../../../database.ts";
import { modernServer } from "../../../mcp/example-servers.ts";
import { until } from "../../../until.ts";
import { createHttpFixture, type HttpFixture } from "../../fixture.ts";

const PATH = "/api/v1/admin/mcp-servers";

let http: HttpFixture;
const open = embeddedDatabase();

beforeAll(async () => {
  http = await createHttpFixture(await open());
});

test("an MCP server is added, tested, shown without its secrets, changed and deleted", async () => {
  await using example = await modernServer();
  const body = {
    id: "modern",
    transport: "http",
    url: `${example.url}?token=secret-in-url`,
    allow_private: true,
    headers: { Authorization: "Bearer secret-in-header" },
    oauth: { issuer: "https://auth.example", client_id: "heddle", client_secret: "secret-of-client" },
  };
  const created = await http.send("POST", PATH, { body });
  expect([created.status, created.body.state]).toEqual([201, "connecting"]);
  const tested = await http.send("POST", `${PATH}/modern/test`);
  expect(tested.body).toMatchObject({ ok: true, error: null });
  expect((await http.send("GET", `${PATH}/modern`)).body).toMatchObject({
    state: "connected",
    protocol_version: "2026-07-28",
    server: { name: "modern", version: "1.0.0" },
    tool_count: 2,
    headers: { Authorization: "********" },
    oauth: { client_id: "heddle", client_secret: "********", scope: null },
  });
  const { tools } = (await http.send("GET", `${PATH}/modern/tools`)).body;
  expect(tools[0]).toMatchObject({
    name: "add",
    reference: "mcp:modern/add",
    called: "add",
    annotations: { read_only: null, egress: true },
    problem: null,
  });
  expect((await http.send("GET", "/api/v1/tools/add")).body).toMatchObject({
    type: "mcp",
    source: "mcp_server",
    mcp_server_id: "modern",
    integration_id: null,
    reference: "mcp:modern/add",
  });
  const all = JSON.stringify([created.body, tested.body, (await http.send("GET", PATH)).body]);
  expect(all).not.toContain("secret-");
  const rows = await http.db.execute("select url, headers, oauth from mcp_servers");
  expect(JSON.stringify(rows)).not.toContain("secret-");

  const moved = await http.send("PATCH", `${PATH}/modern`, { body: { url: "http://127.0.0.1:1/mcp" } });
  expect([moved.status, moved.body.error?.field ?? moved.body.field]).toEqual([422, "headers"]);
  const off = await http.send("PATCH", `${PATH}/modern`, { body: { is_enabled: false } });
  expect(off.body.state).toBe("disabled");
  expect((await http.send("GET", "/api/v1/tools/add")).status).toBe(404);
  expect((await http.send("POST", `${PATH}/modern/test`)).status).toBe(409);
  expect((await http.send("DELETE", `${PATH}/modern`)).status).toBe(204);
  expect((await http.send("GET", `${PATH}/modern`)).status).toBe(404);
});

test("its tools are tried by keys that name their references, and not with a secret in the arguments", async () => {
  await using example = await modernServer();
  await http.send("POST", PATH, {
    body: {
      ...{ id: "tried", transport: "http", url: example.url, allow_private: true },
      headers: { "X-Key": "secret-that-stays-here" },
    },
  });
  expect((await http.send("POST", `${PATH}/tried/test`)).body.ok).toBe(true);
  const attempt = async (scope: string, args: object) =>
    http.send("POST", "/api/v1/tools/environment/try", {
      key: await http.keyWith(scope),
      body: { arguments: args },
    });
  expect((await attempt("tools.environment:use", {})).status).toBe(403);
  expect((await attempt("tools.mcp:tried/environment:use", {})).body.error).toBeNull();
  const { body } = await attempt("tools.mcp:tried:use", { note: "It is secret-that-stays-here." });
  expect(body.error).toBe("The arguments of this call of environment contain a secret; it was not made.");
  const scopes = ["tools.mcp:tried/environment:use", "tools.mcp:tried/other:use"];
  const made = await http.send("POST", "/api/v1/api-keys", { body: { name: "mcp", scopes } });
  expect(made.body.warnings).toEqual([
    'The scope tools.mcp:tried/other:use is for "mcp:tried/other", and no MCP server has such a tool.',
  ]);
  await http.send("DELETE", `${PATH}/tried`);
});

test("who has no admin scope changes nothing and sees no repair of it", async () => {
  const key = await http.keyWith("mcp_servers:read");
  const body = { id: "program", transport: "stdio", command: "true" };
  expect((await http.send("POST", PATH, { key, body })).status).toBe(403);
  expect((await http.send("GET", PATH, { key })).status).toBe(200);
});

test("fields that do not go together are refused by name", async () => {
  const refused = async (body: object) => {
    const answer = await http.send("POST", PATH, { body: { id: "x", ...body } });
    return [answer.status, answer.body.error?.field ?? answer.body.field];
  };
  expect(await refused({ transport: "http" })).toEqual([422, "url"]);
  expect(await refused({ transport: "http", url: "ftp://a" })).toEqual([422, "url"]);
  expect(await refused({ transport: "http", url: "https://me:secret@a.example/mcp" })).toEqual([422, "url"]);
  expect(await refused({ transport: "stdio" })).toEqual([422, "command"]);
  expect(await refused({ transport: "stdio", command: "a", url: "https://a.example" })).toEqual([422, "url"]);
});

test("a server that does not accept the credentials is among what needs a person", async () => {
  const { listen } = await import("../../../mcp/example-servers.ts");
  await using closed = await listen(async (_request, response) => void response.writeHead(401).end());
  await http.send("POST", PATH, {
    body: { id: "closed", transport: "http", url: closed.url, allow_private: true },
  });
  const tested = await http.send("POST", `${PATH}/closed/test`);
  expect(tested.body).toMatchObject({ ok: false });
  expect((await http.send("GET", `${PATH}/closed`)).body.state).toBe("reauth_required");
  const repair = await until(
    async () => (await http.send("GET", "/api/v1/repairs")).body.repairs,
    (all) => all.some(({ mcp_server_id }: { mcp_server_id: string }) => mcp_server_id === "closed"),
  );
  expect(repair[0]).toMatchObject({ kind: "mcp_server_unauthorized", action: "sign_in_mcp_server" });
  // With a key of its own, it is the key that is wrong.
  await http.send("PATCH", `${PATH}/closed`, { body: { headers: { Authorization: "Bearer old-key" } } });
  const other = await until(
    async () => (await http.send("GET", "/api/v1/repairs")).body.repairs,
    ([first]) => first?.action === "check_mcp_server",
  );
  expect(other[0].title).toBe("The MCP server closed does not accept Heddle's credentials.");
  await http.send("DELETE", `${PATH}/closed`);
});
