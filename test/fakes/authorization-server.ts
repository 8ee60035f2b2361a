// An authorization server that refuses what real ones refuse: a wrong verifier, another redirect address, a code that is used twice
// (which ends what came of it), a refresh token that has ended or was exchanged before (which ends the whole sign-in), a client that
// it does not know. https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { listen, modernMcp } from "../mcp/example-servers.ts";

interface Client {
  secret?: string | undefined;
  redirects: string[];
}

interface Grant {
  clientId: string;
  scope: string;
  resource: string;
  isRevoked: boolean;
}

interface Code {
  grant: Grant;
  redirect: string;
  challenge: string;
  isUsed: boolean;
}

export interface AuthorizationServerOptions {
  /** Whether clients may register by themselves. Default: true. */
  registers?: boolean;
  /** Documents of clients, by their address; a real server fetches them. */
  documents?: Record<string, { redirect_uris: string[] }>;
  /** Clients that were registered by hand. */
  clients?: Record<string, Client>;
  tokenSeconds?: number;
  /** Who says yes there. */
  username?: string;
  /** Without it, it does not say that it knows S256. */
  pkce?: boolean;
  scopes?: string[];
  /** Whether a refresh token is exchanged for another, and works once. Default: true; Google and Microsoft keep it. */
  rotates?: boolean;
  /** Whether tokens can be taken back (RFC 7009). Default: true. */
  revokes?: boolean;
}

export type AuthorizationServer = Awaited<ReturnType<typeof startAuthorizationServer>>;

const REALM = "/tenant";

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}) {
  const {
    registers = true,
    documents = {},
    tokenSeconds = 3600,
    pkce = true,
    revokes = true,
    rotates = true,
    scopes,
  } = options;
  const clients = new Map(Object.entries(options.clients ?? {}));
  const codes = new Map<string, Code>();
  const access = new Map<string, { grant: Grant; until: number }>();
  const refresh = new Map<string, { grant: Grant; isUsed: boolean }>();
  const requests: { path: string; body: URLSearchParams; headers: IncomingMessage["headers"] }[] = [];
  let clock = 0;
  let isDown = false;
  const now = () => Date.now() + clock;
  const random = () => crypto.randomUUID();

  const server = await listen(async (request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    const text = await bodyOf(request);
    const issuer = `${url.origin}${REALM}`;
    const json = (status: number, value: object): undefined => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    const refuse = (error: string, description: string, status = 400) =>
      json(status, { error, error_description: description });
    const path = url.pathname.replace(REALM, "");
    requests.push({ path, body: new URLSearchParams(text), headers: request.headers });
    if (isDown) return void response.writeHead(503).end("down");
    if (url.pathname === `/.well-known/oauth-authorization-server${REALM}`) {
      return json(200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        ...(revokes && { revocation_endpoint: `${issuer}/revoke` }),
        ...(registers && { registration_endpoint: `${issuer}/register` }),
        response_types_supported: ["code"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
        ...(pkce && { code_challenge_methods_supported: ["S256"] }),
        client_id_metadata_document_supported: Object.keys(documents).length > 0,
        authorization_response_iss_parameter_supported: true,
        ...(scopes && { scopes_supported: scopes }),
      });
    }
    if (path === "/register" && registers && request.method === "POST") {
      const given = JSON.parse(text) as { redirect_uris?: string[]; token_endpoint_auth_method?: string };
      if (!given.redirect_uris?.every((one) => /^https:|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(one))) {
        return refuse("invalid_redirect_uri", "https, or loopback");
      }
      const client_id = random();
      const secret = given.token_endpoint_auth_method === "none" ? undefined : random();
      clients.set(client_id, { secret, redirects: given.redirect_uris });
      return json(201, {
        ...given,
        client_id,
        ...(secret && { client_secret: secret, client_secret_expires_at: 0 }),
      });
    }
    if (path === "/authorize" && request.method === "GET") return authorize(url, issuer, response, refuse);
    if (path === "/token" && request.method === "POST") return token(request, text, json, refuse);
    if (path === "/introspect" && request.method === "POST") return introspect(text, json);
    if (path === "/revoke" && request.method === "POST") return revoke(request, text, response, refuse);
    return void response.writeHead(404).end();
  });

  const clientOf = (id: string): Client | undefined =>
    clients.get(id) ?? (documents[id] && { redirects: documents[id].redirect_uris });

  /** The person says yes at once. */
  function authorize(url: URL, issuer: string, response: ServerResponse, refuse: Refuse): undefined {
    const get = (name: string) => url.searchParams.get(name) ?? "";
    const redirect = get("redirect_uri");
    const client = clientOf(get("client_id"));
    // Nobody is sent to an address that the client has not registered.
    if (!client) return refuse("invalid_client", "unknown client");
    if (!client.redirects.includes(redirect))
      return refuse("invalid_request", "redirect_uri is not registered");
    if (get("response_type") !== "code") return refuse("unsupported_response_type", "code");
    if (get("code_challenge_method") !== "S256" || get("code_challenge").length !== 43) {
      return refuse("invalid_request", "PKCE with S256 is needed");
    }
    const code = random();
    const grant = {
      clientId: get("client_id"),
      scope: get("scope"),
      resource: get("resource"),
      isRevoked: false,
    };
    codes.set(code, { grant, redirect, challenge: get("code_challenge"), isUsed: false });
    const back = new URL(redirect);
    for (const [name, value] of Object.entries({ code, state: get("state"), iss: issuer })) {
      back.searchParams.set(name, value);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  /** The client, if it is the one that it says it is. */
  function whoIs(request: IncomingMessage, get: (name: string) => string): string | undefined {
    const basic = Buffer.from(
      (request.headers.authorization ?? "").replace(/^Basic /, ""),
      "base64",
    ).toString();
    const [id = "", secret = ""] = basic.includes(":")
      ? basic.split(":").map(decodeURIComponent)
      : [get("client_id"), get("client_secret")];
    const client = clientOf(id);
    return client && (client.secret ?? "") === secret ? id : undefined;
  }

  /** For services that take its tokens (RFC 7662). */
  function introspect(text: string, json: Answer): undefined {
    const known = access.get(new URLSearchParams(text).get("token") ?? "");
    const isActive = known !== undefined && !known.grant.isRevoked && known.until > now();
    json(
      200,
      isActive ? { active: true, username: options.username, scope: known.grant.scope } : { active: false },
    );
  }

  /** A token that nobody knows is no error. */
  function revoke(
    request: IncomingMessage,
    text: string,
    response: ServerResponse,
    refuse: Refuse,
  ): undefined {
    const get = (name: string) => new URLSearchParams(text).get(name) ?? "";
    const id = whoIs(request, get);
    if (id === undefined) return refuse("invalid_client", "who are you?", 401);
    const known = refresh.get(get("token")) ?? access.get(get("token"));
    if (known?.grant.clientId === id) known.grant.isRevoked = true;
    response.writeHead(200).end();
  }

  function token(request: IncomingMessage, text: string, json: Answer, refuse: Refuse): undefined {
    const get = (name: string) => new URLSearchParams(text).get(name) ?? "";
    const id = whoIs(request, get);
    if (id === undefined) return refuse("invalid_client", "who are you?", 401);
    if (get("grant_type") === "authorization_code") {
      const code = codes.get(get("code"));
      if (!code || code.grant.clientId !== id) return refuse("invalid_grant", "no such code");
      if (code.isUsed) {
        code.grant.isRevoked = true;
        return refuse("invalid_grant", "the code was used before");
      }
      if (code.redirect !== get("redirect_uri")) return refuse("invalid_grant", "another redirect_uri");
      const challenge = createHash("sha256").update(get("code_verifier")).digest("base64url");
      if (challenge !== code.challenge) return refuse("invalid_grant", "the code_verifier does not fit");
      if (get("resource") !== code.grant.resource) return refuse("invalid_target", "another resource");
      code.isUsed = true;
      return issue(code.grant, json);
    }
    if (get("grant_type") !== "refresh_token") return refuse("unsupported_grant_type", get("grant_type"));
    const known = refresh.get(get("refresh_token"));
    if (!known || known.grant.clientId !== id || known.grant.isRevoked) {
      return refuse("invalid_grant", "the refresh token has ended");
    }
    if (known.isUsed) {
      // Whoever has it twice may have stolen it.
      known.grant.isRevoked = true;
      return refuse("invalid_grant", "the refresh token was used before");
    }
    known.isUsed = rotates;
    return issue(known.grant, json, rotates);
  }

  function issue(grant: Grant, json: Answer, isLasting = true): undefined {
    const [access_token, refresh_token] = [`access-${random()}`, `refresh-${random()}`];
    access.set(access_token, { grant, until: now() + tokenSeconds * 1000 });
    if (isLasting) refresh.set(refresh_token, { grant, isUsed: false });
    json(200, {
      access_token,
      ...(isLasting && { refresh_token }),
      token_type: "Bearer",
      expires_in: tokenSeconds,
      ...(grant.scope !== "" && { scope: grant.scope }),
    });
  }

  const origin = new URL(server.url).origin;
  return {
    issuer: `${origin}${REALM}`,
    requests,
    count: (path: string) => requests.filter((one) => one.path === path).length,
    /** What a token may be used for now; undefined: nothing. */
    grantOf(header: string | undefined): Grant | undefined {
      const known = access.get((header ?? "").replace(/^Bearer /, ""));
      return known && !known.grant.isRevoked && known.until > now() ? known.grant : undefined;
    },
    /** Moves its clock. */
    pass(seconds: number): void {
      clock += seconds * 1000;
    },
    /** The person, or an administrator there, takes everything back. */
    revokeAll(): void {
      for (const { grant } of refresh.values()) grant.isRevoked = true;
    },
    addClient: (id: string, client: Client): void => void clients.set(id, client),
    forgetClients: (): void => clients.clear(),
    setDown(down: boolean): void {
      isDown = down;
    },
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
}

type Answer = (status: number, value: object) => undefined;
type Refuse = (error: string, description: string, status?: number) => undefined;

/** An MCP server that wants a token of the authorization server, made for itself. */
export async function guardedMcp(auth: AuthorizationServer, wantedScope = "notes:read") {
  const handler = createMcpHandler(() => modernMcp());
  /** By tool: what else it wants. */
  const wants = new Map<string, string>();
  return {
    wants,
    ...(await listen(async (request, response) => {
      const origin = `http://${request.headers.host}`;
      const resource = `${origin}/mcp`;
      const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
      if (request.url === "/.well-known/oauth-protected-resource/mcp") {
        const value = { resource, authorization_servers: [auth.issuer] };
        return void response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify(value));
      }
      if (request.url !== "/mcp") return void response.writeHead(404).end();
      const body = await bodyOf(request);
      const grant = auth.grantOf(request.headers.authorization);
      const challenge = (status: number, more = "") =>
        void response
          .writeHead(status, {
            "www-authenticate": `Bearer resource_metadata="${metadata}", scope="${wantedScope}"${more}`,
          })
          .end();
      if (!grant || grant.resource !== resource) return challenge(401);
      const missing = [...wants].find(
        ([tool, scope]) => body.includes(`"name":"${tool}"`) && !grant.scope.split(" ").includes(scope),
      );
      if (missing) {
        return void response
          .writeHead(403, {
            "www-authenticate": `Bearer error="insufficient_scope", scope="${missing[1]}", resource_metadata="${metadata}"`,
          })
          .end();
      }
      const answer = await handler.fetch(
        new Request(resource, {
          method: request.method ?? "GET",
          headers: new Headers(request.headers as Record<string, string>),
          ...(request.method === "POST" && { body }),
        }),
      );
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    })),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
