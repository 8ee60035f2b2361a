// No text in a request to a documented route causes a 500, not even text that no database can store.

import { afterAll, beforeAll, expect, test } from "bun:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import { eachDatabase } from "../../database.ts";
import { temporaryWorkspace } from "../../workspace/fixture.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

interface Schema {
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  minimum?: number;
}

interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

const NUL_AND_HALF = "a\0b\ud800c";

eachDatabase("unstorable text", (open) => {
  let http: HttpFixture;
  let workspace: Awaited<ReturnType<typeof temporaryWorkspace>>;
  let paths: Record<string, Record<string, Operation>>;
  const ids: Record<string, string> = { bots: "default" };
  beforeAll(async () => {
    workspace = await temporaryWorkspace();
    http = await createHttpFixture(await open(), { workspace });
    const document = (await http.send("GET", "/swagger/all/json", { key: null })).body;
    ({ paths } = (await SwaggerParser.dereference(document)) as never);
    const made = async (path: string) => (await http.send("POST", path, { body: { client_id: "x:1" } })).body;
    ids.channels = (await made("/api/v1/channels")).id;
    ids.sessions = (await made("/api/v1/sessions")).session_id;
  });
  afterAll(() => workspace[Symbol.asyncDispose]());

  /** Returns a value of the schema in which every text is the given one. */
  const valueFor = (schema: Schema, text: string): unknown => {
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    if (schema.anyOf?.[0]) return valueFor(schema.anyOf[0], text);
    const [type] = [schema.type ?? "any"].flat();
    switch (type) {
      case "string":
        return schema.format === "uuid" ? ids.sessions : text;
      case "integer":
      case "number":
        return schema.minimum ?? 1;
      case "boolean":
        return true;
      case "array":
        return [valueFor(schema.items ?? {}, text)];
      case "object":
        return schema.properties
          ? Object.fromEntries(
              Object.entries(schema.properties).map(([name, one]) => [name, valueFor(one, text)]),
            )
          : { [text]: text };
      default:
        return text;
    }
  };

  /** Tests each field alone with the required ones, so that no field is refused because of another. */
  function* bodies({ required = [], properties = {} }: Schema): Generator<Record<string, unknown>> {
    const least = Object.fromEntries(required.map((name) => [name, valueFor(properties[name] ?? {}, "a")]));
    for (const [name, schema] of Object.entries(properties)) {
      yield { ...least, [name]: valueFor(schema, NUL_AND_HALF) };
    }
  }

  test("in a query, a path or a body is never 500", async () => {
    // Routes that need parts which this fixture does not have.
    const missing = /^\/api\/v1\/admin\/|^\/api\/v1\/events$/;
    const waiting = /^\/api\/v1\/chat(\/stream)?$/;
    const failed: string[] = [];
    let asked = 0;
    const ask = async (method: string, path: string, body?: unknown) => {
      asked += 1;
      const answer = await http.send(method, path, body === undefined ? {} : { body });
      if (answer.status >= 500) failed.push(`${method} ${path} ${JSON.stringify(body)}: ${answer.status}`);
      return answer;
    };
    for (const [path, operations] of Object.entries(paths)) {
      if (missing.test(path)) continue;
      const id = ids[path.split("/")[3] ?? ""] ?? "x";
      const real = path.replaceAll(/\{\w+\}/g, id);
      for (const [name, { parameters = [], requestBody }] of Object.entries(operations)) {
        const method = name.toUpperCase();
        const least = method === "GET" || method === "DELETE" ? undefined : {};
        for (const parameter of parameters) {
          if (parameter.in === "query") {
            const { status } = await ask(method, `${real}?${parameter.name}=a%00b`, least);
            expect([400, 403, 404, 415, 422]).toContain(status);
          } else if (parameter.in === "path") {
            await ask(method, path.replace(`{${parameter.name}}`, "a%00b").replaceAll(/\{\w+\}/g, id), least);
          }
        }
        const schema = requestBody?.content["application/json"]?.schema;
        // No worker runs here that would answer a message.
        const more = waiting.test(path) ? { passive: true } : {};
        if (schema) for (const body of bodies(schema)) await ask(method, real, { ...body, ...more });
      }
    }
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(150);
  });

  test("in a lookup key is refused with its field, because two keys could become equal", async () => {
    for (const [method, path, field, body] of [
      ["GET", "/api/v1/channels?client_id=a%00b", "client_id", undefined],
      ["GET", "/api/v1/channels?q=%00", "q", undefined],
      ["GET", "/api/v1/tasks?source=a%00", "source", undefined],
      ["GET", "/api/v1/inbox?idempotency_key=%00", "idempotency_key", undefined],
      ["POST", "/api/v1/channels", "client_id", { client_id: "a\0" }],
      ["POST", "/api/v1/channels", "client_id", { client_id: "a\udfff" }],
      ["POST", "/api/v1/channels", "name", { client_id: "b", name: "\ud800" }],
      ["POST", "/api/v1/channels", "carapaces", { client_id: "b", carapaces: ["x", "y\0"] }],
      ["POST", "/api/v1/sessions", "client_id", { client_id: "a\0" }],
    ] as const) {
      const answer = await http.send(method, path, body === undefined ? {} : { body });
      expect(answer).toMatchObject({ status: 422, body: { error: { code: "validation", field } } });
    }
  });

  test("in other texts is stored as U+FFFD", async () => {
    const body = { content: "a\0b", metadata: { user_id: "\ud800" } };
    const { status, body: document } = await http.send("POST", "/api/v1/documents", { body });
    expect(status).toBe(201);
    const { body: stored } = await http.send("GET", `/api/v1/documents/${document.id}`);
    expect(stored).toMatchObject({ content: "a\ufffdb", metadata: { user_id: "\ufffd" } });
  });
});
