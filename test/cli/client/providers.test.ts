// What `heddle providers …` prints, over the real routes.

import { afterEach, beforeAll, expect, test } from "bun:test";
import type { Connection } from "../../../src/cli/client/connect.ts";
import {
  addProvider,
  listModels,
  listProviders,
  removeProvider,
  testProvider,
} from "../../../src/cli/client/providers.ts";
import { providers } from "../../../src/db/schema.ts";
import { HeddleError } from "../../../src/errors.ts";
import { embeddedDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture } from "../../http/fixture.ts";
import { fakeEndpoint, refuses, says } from "../../providers/fake-endpoint.ts";

const open = embeddedDatabase();
let db: TestDatabase;
beforeAll(async () => {
  db = await open();
});
afterEach(async () => {
  await db.query.delete(providers);
});

async function commandLine() {
  const http = await createHttpFixture(db);
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await http.send(method, path, body === undefined ? {} : { body });
    if (status >= 400) throw new HeddleError(answer.error.code, answer.error.message);
    return answer;
  };
  const server: Connection = {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    patch: (path, body) => ask("PATCH", path, body),
    delete: (path) => ask("DELETE", path),
  };
  const lines: string[] = [];
  return {
    server,
    lines,
    print: (line: string) => void lines.push(line),
    printed: () => lines.splice(0).join("\n"),
  };
}

const mine = (baseUrl: string) => ({
  id: "mine",
  adapter: "chat_completions",
  baseUrl,
  key: "sk-0123456789abcdef",
  model: "usual",
  isDefault: false,
  headers: [["x-team", "core"]] as [string, string][],
});

test("a provider is added, listed, tested and removed", async () => {
  await using endpoint = await fakeEndpoint(says("One two three"));
  const { server, print, printed } = await commandLine();
  await listProviders(server, print);
  expect(printed()).toContain("There is no provider, so the offline provider answers.");
  await addProvider(server, mine(endpoint.url), print);
  expect(printed()).toBe("mine is the default provider now. Next: heddle providers test mine");
  await addProvider(server, { ...mine(endpoint.url), id: "other", key: undefined, headers: [] }, print);
  expect(printed()).toContain("other is a provider; its models are named other/<model> now.");
  await listProviders(server, print);
  expect(printed()).toBe(
    `mine  chat_completions, ${endpoint.url}, usual, default\nother  chat_completions, ${endpoint.url}, usual`,
  );
  await testProvider(server, { id: "mine", model: undefined }, print);
  expect(printed()).toMatch(
    /^usual answers \(the test took [\d.]+ s\)\.\ntext: yes, streaming: yes, tools: yes\nusage: 1000 tokens read, 100 written, price not known$/,
  );
  expect(endpoint.requests[0]?.headers).toMatchObject({
    authorization: "Bearer sk-0123456789abcdef",
    "x-team": "core",
  });
  await listModels(server, "mine", print);
  expect(printed()).toBe("mine/one\nmine/two");
  await removeProvider(server, "mine", print);
  expect(printed()).toBe("mine is removed.");
});

test("a model that does not answer is an error with what to do", async () => {
  await using endpoint = await fakeEndpoint(() => refuses(401, "Incorrect API key"));
  const { server, print, printed } = await commandLine();
  await addProvider(server, mine(endpoint.url), print);
  printed();
  const error = await testProvider(server, { id: "mine", model: "x" }, print).catch((error) => error);
  expect(error.message).toMatch(/^x does not answer: .*Incorrect API key \(HTTP 401\)\. Check api_key/);
  expect(printed()).toBe("");
});
