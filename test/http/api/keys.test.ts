// API keys and scopes, as people see and choose them.

import { beforeAll, expect, test } from "bun:test";
import { covers } from "../../../src/access/scopes.ts";
import { eachDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture, UNKNOWN_ID } from "../fixture.ts";

eachDatabase("API keys", (open) => {
  let http: HttpFixture;
  beforeAll(async () => {
    http = await createHttpFixture(await open(), {
      integrations: {
        board: { handle: async () => new Response(), setup: { route_scope: "mission_control" } },
      },
    });
  });

  test("keys that no longer work are listed only if wanted, and each can be fetched", async () => {
    const make = async (name: string, more: object = {}) =>
      (await http.send("POST", "/api/v1/api-keys", { body: { name, scopes: ["tasks:read"], ...more } })).body;
    const [kept, gone] = [await make("kept"), await make("gone")];
    await http.send("DELETE", `/api/v1/api-keys/${gone.id}`);
    const listed = async (query: string) =>
      (await http.send("GET", `/api/v1/api-keys?${query}`)).body.api_keys.map(({ id }: { id: string }) => id);
    expect(await listed("live=true")).toContain(kept.id);
    expect(await listed("live=true")).not.toContain(gone.id);
    expect(await listed("limit=2")).toEqual([gone.id, kept.id]);
    const one = await http.send("GET", `/api/v1/api-keys/${gone.id}`);
    expect(one.body).toMatchObject({ id: gone.id, name: "gone", revoked_at: expect.any(String) });
    expect(JSON.stringify(one.body)).not.toContain(gone.key);
    expect((await http.send("GET", `/api/v1/api-keys/${UNKNOWN_ID}`)).status).toBe(404);
  });

  test("the scopes that a key may have are told in words, each of them is accepted, and no route needs another", async () => {
    const { resources, presets } = (await http.send("GET", "/api/v1/scopes")).body;
    const offered: string[] = resources.flatMap(({ name, actions }: { name: string; actions: string[] }) =>
      actions.map((action) => `${name}:${action}`),
    );
    const made = await http.send("POST", "/api/v1/api-keys", { body: { name: "all", scopes: offered } });
    expect([made.status, made.body.scopes]).toEqual([201, offered]);
    const document = JSON.stringify((await http.send("GET", "/swagger/all/json")).body);
    const needed = [...document.matchAll(/Needs the scope `([^`{]+)`/g)].map(([, scope]) => String(scope));
    expect(needed.length).toBeGreaterThan(50);
    expect(needed.filter((scope) => scope !== "admin" && !covers(offered, scope))).toEqual([]);
    // Routes of integrations, by default and as a manifest names it, and tools over /mcp.
    const besides = [
      "integrations:write",
      "integrations:use",
      "mission_control:read",
      "mission_control:write",
    ];
    expect(besides.filter((scope) => !offered.includes(scope))).toEqual([]);
    expect(presets.map(({ name }: { name: string }) => name)).toContain("read_only");
    const unsaid = resources.filter(
      (one: { name: string; description: string }) => one.name === one.description,
    );
    expect(unsaid).toEqual([]);
  });
});
