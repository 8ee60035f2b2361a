import { beforeAll, expect, test } from "bun:test";
import { embeddedDatabase } from "../../../database.ts";
import { createHttpFixture, type HttpFixture } from "../../fixture.ts";

const PATH = "/api/v1/admin/coding-agents";

let http: HttpFixture;
const open = embeddedDatabase();

beforeAll(async () => {
  http = await createHttpFixture(await open());
});

test("a coding agent is added, shown without its secrets, changed and deleted", async () => {
  const body = { id: "claude", command: "npx", args: ["-y", "agent"], env: { KEY: "secret-of-the-agent" } };
  const made = await http.send("POST", PATH, { body });
  expect(made).toMatchObject({
    status: 201,
    body: { name: "claude", tool: "code_with_claude", state: "untested", timeout_seconds: 1_800, running: 0 },
  });
  expect((await http.send("POST", PATH, { body })).status).toBe(409);
  expect((await http.send("GET", "/api/v1/tools/code_with_claude")).body.annotations).toMatchObject({
    ...{ destructive: true, egress: true },
  });
  // A key for one program is not given to another.
  for (const change of [{ command: "other" }, { args: ["-y", "other"] }]) {
    const moved = await http.send("PATCH", `${PATH}/claude`, { body: change });
    expect([moved.status, moved.body.error?.field ?? moved.body.field]).toEqual([422, "env"]);
  }
  const off = await http.send("PATCH", `${PATH}/claude`, { body: { is_enabled: false, name: "Claude" } });
  expect(off.body).toMatchObject({ state: "disabled", name: "Claude", env: { KEY: "********" } });
  expect((await http.send("GET", "/api/v1/tools/code_with_claude")).status).toBe(404);
  expect((await http.send("POST", `${PATH}/claude/test`)).status).toBe(409);
  const rows = await http.db.execute("select * from coding_agents");
  const listed = await http.send("GET", PATH);
  expect(JSON.stringify([made.body, off.body, listed.body, rows])).not.toContain("secret-of");
  expect((await http.send("GET", `${PATH}/claude/sessions`)).body).toEqual({
    coding_sessions: [],
    next_cursor: null,
  });
  expect((await http.send("DELETE", `${PATH}/claude`)).status).toBe(204);
  expect((await http.send("GET", `${PATH}/claude/sessions`)).status).toBe(404);
});

test("fields are refused by name, and who may only read changes and starts nothing", async () => {
  const refused = async (body: object) => {
    const answer = await http.send("POST", PATH, { body: { id: "x", command: "x", ...body } });
    return [answer.status, answer.body.error?.field ?? answer.body.field];
  };
  expect(await refused({ env: { "A B": "x" } })).toEqual([422, "env"]);
  expect(await refused({ id: "Ö" })).toEqual([422, "id"]);
  expect(await refused({ timeout_seconds: 7_201 })).toEqual([422, "timeout_seconds"]);
  const key = await http.keyWith("coding_agents:read");
  expect((await http.send("GET", PATH, { key })).status).toBe(200);
  expect((await http.send("POST", PATH, { key, body: { id: "y", command: "y" } })).status).toBe(403);
  expect((await http.send("POST", `${PATH}/y/test`, { key })).status).toBe(403);
});
