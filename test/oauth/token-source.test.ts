import { expect, test } from "bun:test";
import type { Credentials } from "../../src/oauth/credentials.ts";
import { createTokenSource } from "../../src/oauth/token-source.ts";

const holder = { id: "mail/google", url: "https://auth.example/token" };
const credentials = (access: string, refresh: string): Credentials => ({
  ...{ url: holder.url, redirect: "x", resource: null, missing_scope: null, by: "Ann", at: 1 },
  client: { client_id: "heddle", issuer: "https://auth.example" },
  tokens: { access, refresh, scope: null, obtained_at: 0, expires_at: 1_000 },
});

test("a new refresh token is not lost when the database is away for a moment: the one before is used up", async () => {
  let stored = credentials("first", "once");
  const used: string[] = [];
  let failures = 2;
  const source = createTokenSource({
    store: {
      find: async () => stored,
      claim: async () => ({ credentials: stored, stored: "sealed" }),
      async settle(_id, _claim, after) {
        if (after && failures-- > 0) throw Object.assign(new Error("gone"), { code: "CONNECTION_CLOSED" });
        if (after) stored = after;
      },
    },
    async exchange(_holder, _credentials, { refresh }) {
      used.push(String(refresh));
      return { access: "second", refresh: "twice", scope: null, obtained_at: 2_000, expires_at: 9_000_000 };
    },
    onEnded: () => undefined,
    now: () => 2_000,
  });
  source.set(new Map([[holder.id, stored]]));
  expect(await source.current(holder)).toMatchObject({ access: "second" });
  expect(used).toEqual(["once"]);
  expect(stored.tokens?.refresh).toBe("twice");
});
