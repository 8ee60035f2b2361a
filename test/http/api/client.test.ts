// A client with types generated from the OpenAPI document compiles and works.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture, STATIC_KEY } from "../fixture.ts";

const open = embeddedDatabase();
const modules = resolve(import.meta.dirname, "../../../node_modules");
let http: HttpFixture;
let dir: string;

beforeAll(async () => {
  http = await createHttpFixture(await open());
  dir = await mkdtemp(join(tmpdir(), "heddle-client-"));
  await symlink(modules, join(dir, "node_modules"));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** Uses a text, a number, an enum, a nullable field, an optional query and an error. */
const CLIENT = `
import createClient from "openapi-fetch";
import type { components, paths } from "./heddle.ts";

type Task = components["schemas"]["Task"];

export async function talk(fetch: (request: Request) => Promise<Response>, key: string) {
  const client = createClient<paths>({
    baseUrl: "http://localhost",
    fetch,
    headers: { authorization: \`Bearer \${key}\` },
  });
  const session = await client.POST("/api/v1/sessions", { body: { client_id: "docs:client" } });
  if (!session.data) throw new Error(session.error.error.message);
  const id: string = session.data.session_id;
  const message = await client.POST("/api/v1/sessions/{id}/messages", {
    params: { path: { id } },
    body: { content: "Hello", run_agent: true, dispatch_config: { type: "none" } },
  });
  if (!message.data) throw new Error(message.error.error.message);
  const tasks = await client.GET("/api/v1/tasks", { params: { query: { status: "pending" } } });
  const first: Task | undefined = tasks.data?.tasks[0];
  const result: string | null | undefined = first?.result;
  const status: "pending" | "running" | "waiting" | "complete" | "failed" | "cancelled" | "merged" | undefined =
    first?.status;
  const deliveries = await client.GET("/api/v1/deliveries");
  const attempts: number[] | undefined = deliveries.data?.deliveries.map((one) => one.attempts + 1);
  const wrong = await client.GET("/api/v1/tasks/{id}", { params: { path: { id } } });
  const code: string | undefined = wrong.error?.error.code;
  // @ts-expect-error There is no such status.
  await client.GET("/api/v1/tasks", { params: { query: { status: "nope" } } });
  // @ts-expect-error The content is missing.
  await client.POST("/api/v1/sessions/{id}/messages", { params: { path: { id } }, body: {} });
  return { taskId: message.data.task_id, first: first?.id, result, status, attempts, code };
}
`;

test("a client made by openapi-typescript compiles and works", async () => {
  // TypeScript 7, which checks this project, has no programming interface: the generator gets version 5.
  Bun.plugin({
    name: "the generator's TypeScript",
    setup: (build) => {
      build.module("typescript", async () => ({ exports: await import("typescript-5"), loader: "object" }));
    },
  });
  const { astToString, default: openapiTypes } = await import("openapi-typescript");
  const document = (await http.send("GET", "/swagger/all/json", { key: null })).body;
  await Bun.write(join(dir, "heddle.ts"), astToString(await openapiTypes(document)));
  await Bun.write(join(dir, "client.ts"), CLIENT);
  const options = [
    "--noEmit",
    "--skipLibCheck",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--allowImportingTsExtensions",
  ];
  const compiled = Bun.spawnSync(
    [
      join(modules, ".bin/tsc"),
      ...options,
      "--module",
      "esnext",
      "--moduleResolution",
      "bundler",
      "--types",
      "",
      "client.ts",
    ],
    { cwd: dir, timeout: 60_000 },
  );
  expect(compiled.stdout.toString()).toBe("");
  expect(compiled.exitCode).toBe(0);

  const { talk } = await import(join(dir, "client.ts"));
  const seen = await talk(http.fetch, STATIC_KEY);
  expect(seen).toEqual({
    taskId: expect.any(String),
    first: seen.taskId,
    result: null,
    status: "pending",
    attempts: [],
    code: "not_found",
  });
});
