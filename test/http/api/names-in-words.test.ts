// What people type into forms: a name of spaces is refused, and what a name may have is said in words.

import { beforeAll, expect, test } from "bun:test";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

let http: HttpFixture;
const open = embeddedDatabase();
beforeAll(async () => {
  http = await createHttpFixture(await open());
});

const refusal = async (path: string, body: object) => {
  const answer = await http.send("POST", `/api/v1${path}`, { body });
  return { status: answer.status, ...answer.body.error };
};

const provider = { adapter: "chat_completions", base_url: "http://127.0.0.1:9/v1", default_model: "m" };
const NAMED: [path: string, body: object][] = [
  ["/api-keys", { preset: "read_only" }],
  ["/bots", { id: "blank" }],
  ["/channels", { client_id: "docs:blank" }],
  ["/policies", { effect: "deny", tools: ["x"] }],
  [
    "/schedules",
    { channel_id: crypto.randomUUID(), content: "Hi", timing: { kind: "interval", seconds: 60 } },
  ],
  ["/admin/providers", { id: "blank", ...provider }],
  ["/admin/mcp-servers", { id: "blank", transport: "http", url: "http://127.0.0.1:9/mcp" }],
  ["/admin/coding-agents", { id: "blank", command: "bun" }],
];
test.each(NAMED)("%s takes no name of spaces", async (path, body) => {
  expect(await refusal(path, { ...body, name: "  \t" })).toMatchObject({
    ...{ status: 422, code: "validation", field: "name" },
    message: expect.stringMatching(/^name must be a string from 1 to \d+ characters that is not blank\.$/),
  });
});

const IDENTIFIED: [path: string, body: object][] = [
  ["/bots", { name: "A" }],
  ["/admin/providers", { name: "A", ...provider }],
  ["/admin/mcp-servers", { transport: "http", url: "http://127.0.0.1:9/mcp" }],
  ["/admin/coding-agents", { command: "bun" }],
];
test.each(IDENTIFIED)("%s says in words what an id may have", async (path, body) => {
  const { field, message } = await refusal(path, { ...body, id: "My Id" });
  expect(field).toBe("id");
  expect(message).toMatch(
    /^id must be a string of 1 to \d+ lower-case letters, digits, "_" and "-", the first of which is a lower-case letter or a digit\.$/,
  );
});
