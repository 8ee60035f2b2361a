// A server that wants a token of its authorization server.

import { expect, test } from "bun:test";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { embeddedDatabase } from "../database.ts";
import { listen, modernMcp } from "./example-servers.ts";
import { testMcp } from "./fixture.ts";

const open = embeddedDatabase();

async function guardedServer() {
  const handler = createMcpHandler(() => modernMcp());
  let valid = "";
  let issued = 0;
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const origin = `http://${request.headers.host}`;
    const json = (status: number, value: object) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (request.url?.startsWith("/.well-known/oauth-protected-resource")) {
      return json(200, { resource: `${origin}/mcp`, authorization_servers: [origin] });
    }
    if (request.url?.startsWith("/.well-known/oauth-authorization-server")) {
      return json(200, {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ["code"],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_basic"],
      });
    }
    if (request.url === "/token") {
      const basic = Buffer.from((request.headers.authorization ?? "").slice(6), "base64").toString();
      if (basic !== "heddle:the-client-secret" || !body.includes("grant_type=client_credentials")) {
        return json(401, { error: "invalid_client" });
      }
      valid = `token-${++issued}`;
      return json(200, { access_token: valid, token_type: "Bearer", expires_in: 3600 });
    }
    if (request.url !== "/mcp") return void response.writeHead(404).end();
    if (request.headers.authorization !== `Bearer ${valid}` || valid === "") {
      const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
      return void response
        .writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"` })
        .end();
    }
    const answer = await handler.fetch(
      new Request(`${origin}/mcp`, {
        method: request.method ?? "GET",
        headers: new Headers(request.headers as Record<string, string>),
        ...(request.method === "POST" && { body }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  });
  return {
    ...server,
    expire: () => {
      valid = "expired";
    },
    issued: () => issued,
  };
}

const of = (url: string, client_secret: string, issuer = new URL(url).origin) => ({
  id: "guarded",
  transport: "http" as const,
  url,
  allow_private: true,
  oauth: { issuer, client_id: "heddle", client_secret },
});

test("tokens are got by the client's credentials, and again when one has expired", async () => {
  const db = await open();
  await using server = await guardedServer();
  await using mcp = await testMcp(db);
  await mcp.servers.create(of(server.url, "the-client-secret"));
  await mcp.reaches("guarded", "connected");
  expect(await mcp.call("add", { a: 20, b: 22 })).toContain("42");
  expect(server.issued()).toBe(1);
  server.expire();
  expect(await mcp.call("add", { a: 1, b: 2 })).toContain("3");
  expect(server.issued()).toBe(2);
  expect(mcp.redact("the-client-secret")).not.toContain("client-secret");
});

test("the client's secret goes to no other authorization server than the one it is for", async () => {
  const db = await open();
  await using server = await guardedServer();
  await using mcp = await testMcp(db);
  await mcp.servers.create(of(server.url, "the-client-secret", "https://auth.example"));
  await mcp.reaches("guarded", "reauth_required");
  expect(server.issued()).toBe(0);
});

test("wrong credentials of the client want a person", async () => {
  const db = await open();
  await using server = await guardedServer();
  await using mcp = await testMcp(db);
  await mcp.servers.create(of(server.url, "wrong"));
  await mcp.reaches("guarded", "reauth_required");
});
