// Signing in for an integration over the API, as the admin UI does it.

import { expect, test } from "bun:test";
import { OPERATOR } from "../../../../src/access/caller.ts";
import { embeddedDatabase } from "../../../database.ts";
import { startAuthorizationServer } from "../../../fakes/authorization-server.ts";
import { CLIENTS, consent, registeredAt } from "../../../oauth/provider.ts";
import { createHttpFixture } from "../../fixture.ts";

const open = embeddedDatabase();

test("whoever begins a sign-in finishes it; answers and repairs say what is missing, and contain no token", async () => {
  await using auth = await startAuthorizationServer({ registers: false, clients: CLIENTS });
  const settings: Record<string, string> = { CLIENT_ID: "heddle" };
  const http = await createHttpFixture(await open(), {
    accounts: { mail: [registeredAt(auth.issuer, settings)] },
    integrations: { mail: { handle: async () => new Response() } },
  });
  const keyOf = async (name: string) =>
    (await http.apiKeys.create({ name, scopes: ["admin"] }, OPERATOR)).key;
  const [ann, bob] = [await keyOf("ann"), await keyOf("bob")];
  const PATH = "/api/v1/admin/integrations/mail/accounts";
  const shown = async () => (await http.send("GET", PATH)).body.accounts[0];
  const repairs = async () =>
    (await http.send("GET", "/api/v1/repairs")).body.repairs.filter(
      ({ action }: { action: string }) => action === "sign_in",
    );
  expect(await shown()).toMatchObject({
    ...{ name: "post", title: "The post", missing_settings: ["CLIENT_SECRET"], signed_in: null },
    redirect_uri: "http://localhost:8000/admin/integrations/oauth/callback",
  });
  expect(await repairs()).toEqual([]);
  expect((await http.send("POST", `${PATH}/post/sign-in`, { key: ann })).status).toBe(409);
  settings.CLIENT_SECRET = "secret-of-the-client";
  expect(await repairs()).toMatchObject([{ kind: "sign_in_missing", integration_id: "mail" }]);

  const begun = await http.send("POST", `${PATH}/post/sign-in`, { key: ann });
  expect(begun.status).toBe(200);
  const { returned: body } = await consent(begun.body.url);
  const finish = (key: string) => http.send("POST", "/api/v1/admin/account-sign-ins", { key, body });
  expect((await finish(bob)).status).toBe(409);
  const done = await finish(ann);
  expect([done.status, done.body]).toEqual([200, { integration_id: "mail", account: "post" }]);
  const after = await shown();
  expect(after.signed_in).toMatchObject({ by: "ann", issuer: auth.issuer, is_renewed: true });
  expect(JSON.stringify([begun.body, done.body, after])).not.toMatch(/access-|refresh-|secret-of/);
  expect(await repairs()).toEqual([]);

  const reader = await http.keyWith("integrations:read");
  expect((await http.send("GET", PATH, { key: reader })).status).toBe(200);
  expect((await http.send("POST", `${PATH}/post/sign-in`, { key: reader })).status).toBe(403);
  expect((await http.send("DELETE", `${PATH}/post/sign-in`, { key: reader })).status).toBe(403);
  expect((await http.send("POST", `${PATH}/none/sign-in`)).status).toBe(404);
  expect((await http.send("DELETE", `${PATH}/post/sign-in`)).status).toBe(204);
  expect((await http.send("DELETE", `${PATH}/post/sign-in`)).status).toBe(409);
});
