// Signing in at MCP servers over the API, as the admin UI does it.

import { expect, test } from "bun:test";
import { OPERATOR } from "../../../../src/access/caller.ts";
import { embeddedDatabase } from "../../../database.ts";
import { guardedMcp, startAuthorizationServer } from "../../../fakes/authorization-server.ts";
import { createHttpFixture } from "../../fixture.ts";

const PATH = "/api/v1/admin/mcp-servers";
const open = embeddedDatabase();

test("whoever begins a sign-in finishes it; the answers show who signed in, and no token", async () => {
  const http = await createHttpFixture(await open());
  await using auth = await startAuthorizationServer();
  await using server = await guardedMcp(auth);
  const keyOf = async (name: string) =>
    (await http.apiKeys.create({ name, scopes: ["admin"] }, OPERATOR)).key;
  const [ann, bob] = [await keyOf("ann"), await keyOf("bob")];
  await http.send("POST", PATH, {
    body: { id: "notes", transport: "http", url: server.url, allow_private: true },
  });
  await http.send("POST", `${PATH}/notes/test`);
  expect((await http.send("GET", `${PATH}/notes`)).body).toMatchObject({
    ...{ state: "reauth_required", can_sign_in: true, signed_in: null },
    sign_in_page: "http://localhost:8000/admin/mcp-servers/notes",
  });
  const begun = await http.send("POST", `${PATH}/notes/sign-in`, { key: ann });
  expect(begun.status).toBe(200);
  const answer = await fetch(begun.body.url, { redirect: "manual" });
  const back = new URL(String(answer.headers.get("location")));
  expect(back.origin + back.pathname).toBe("http://localhost:8000/admin/mcp-servers");
  const body = Object.fromEntries(back.searchParams);
  const finish = (key: string) => http.send("POST", "/api/v1/admin/mcp-sign-ins", { key, body });
  expect((await finish(bob)).status).toBe(409);
  const done = await finish(ann);
  expect([done.status, done.body]).toEqual([200, { mcp_server_id: "notes" }]);
  expect((await http.send("POST", `${PATH}/notes/test`)).body.ok).toBe(true);
  const shown = (await http.send("GET", `${PATH}/notes`)).body;
  expect(shown.signed_in).toMatchObject({ by: "ann", issuer: auth.issuer, is_renewed: true });
  expect(JSON.stringify([begun.body, done.body, shown])).not.toMatch(/access-|refresh-/);
  const reader = await http.keyWith("mcp_servers:read");
  expect((await http.send("POST", `${PATH}/notes/sign-in`, { key: reader })).status).toBe(403);
  expect((await http.send("DELETE", `${PATH}/notes/sign-in`, { key: reader })).status).toBe(403);
  expect((await http.send("DELETE", `${PATH}/notes/sign-in`)).status).toBe(204);
  expect((await http.send("DELETE", `${PATH}/notes/sign-in`)).status).toBe(409);
});

test("Heddle's own document is public, and only there is one where others can read it", async () => {
  const db = await open();
  const read = async (publicUrl: string | undefined) => {
    const http = await createHttpFixture(db, { publicUrl });
    return http.app.fetch(new Request("http://localhost:8000/oauth/client.json"), { address: "192.0.2.1" });
  };
  const answer = await read("https://heddle.example");
  expect(await answer.json()).toEqual({
    client_id: "https://heddle.example/oauth/client.json",
    client_name: "Heddle",
    client_uri: "https://heddle.example",
    redirect_uris: ["https://heddle.example/admin/mcp-servers"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  });
  expect((await read(undefined)).status).toBe(404);
  expect((await read("http://heddle.example")).status).toBe(404);
});
