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
  await source.read(async () => new Map([[holder.id, stored]]));
  expect(await source.current(holder)).toMatchObject({ access: "second" });
  expect(used).toEqual(["once"]);
  expect(stored.tokens?.refresh).toBe("twice");
});

test("what was read before a token was exchanged does not replace the new one", async () => {
  let stored = credentials("first", "once");
  const source = createTokenSource({
    store: {
      find: async () => stored,
      claim: async () => ({ credentials: stored, stored: "sealed" }),
      async settle(_id, _claim, after) {
        if (after) stored = after;
      },
    },
    exchange: async () => ({
      ...{ access: "second", refresh: "twice", scope: null, obtained_at: 2_000, expires_at: 9_000_000 },
    }),
    onEnded: () => undefined,
    now: () => 2_000,
  });
  const all = async () => new Map([[holder.id, stored]]);
  await source.read(all);
  const isRead = Promise.withResolvers<void>();
  const before = await all();
  const reading = source.read(async () => {
    await isRead.promise;
    return before;
  });
  expect(await source.renewed(holder, "first")).toMatchObject({ access: "second" });
  isRead.resolve();
  await reading;
  expect(source.tokensOf(holder)?.access).toBe("second");
  // Somebody has signed out since.
  await source.read(async () => new Map());
  expect(source.tokensOf(holder)).toBeUndefined();
});
