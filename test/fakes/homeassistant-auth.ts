// How people sign programs in at Home Assistant, as strict as the real one: https://developers.home-assistant.io/docs/auth_api

interface Grant {
  clientId: string;
  isRevoked: boolean;
}

export interface HomeAuth {
  /** Undefined for a path that is none of these. */
  answer(request: Request): Promise<Response | undefined>;
  accepts(token: string): boolean;
  /** The access tokens that were given out end; they can be exchanged. */
  expire(): void;
}

export function createHomeAuth(): HomeAuth {
  const codes = new Map<string, Grant>();
  const refresh = new Map<string, Grant>();
  const access = new Map<string, Grant>();

  function issue(grant: Grant, refresh_token?: string): Response {
    const access_token = `access-${crypto.randomUUID()}`;
    access.set(access_token, grant);
    return Response.json({
      ...{ access_token, token_type: "Bearer", expires_in: 1800 },
      ...(refresh_token && { refresh_token }),
    });
  }

  function exchange(form: URLSearchParams): Response {
    const refuse = (error: string) => Response.json({ error }, { status: 400 });
    const clientId = form.get("client_id") ?? "";
    if (form.get("grant_type") === "authorization_code") {
      const grant = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      if (grant?.clientId !== clientId) return refuse("invalid_request");
      const token = `refresh-${crypto.randomUUID()}`;
      refresh.set(token, grant);
      return issue(grant, token);
    }
    if (form.get("grant_type") !== "refresh_token") return refuse("unsupported_grant_type");
    const grant = refresh.get(form.get("refresh_token") ?? "");
    if (!grant || grant.isRevoked) return refuse("invalid_grant");
    return grant.clientId === clientId ? issue(grant) : refuse("invalid_request");
  }

  return {
    async answer(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/auth/authorize") {
        const clientId = searchParams.get("client_id") ?? "";
        const back = new URL(searchParams.get("redirect_uri") ?? "");
        // The person says yes at once; whoever asks is sent back to its own host alone.
        if (new URL(clientId).host !== back.host || searchParams.get("response_type") !== "code") {
          return new Response("Invalid redirect URI", { status: 400 });
        }
        const code = crypto.randomUUID();
        codes.set(code, { clientId, isRevoked: false });
        back.searchParams.set("code", code);
        back.searchParams.set("state", searchParams.get("state") ?? "");
        return new Response(null, { status: 302, headers: { location: back.href } });
      }
      if (request.method !== "POST") return undefined;
      if (pathname === "/auth/token") return exchange(new URLSearchParams(await request.text()));
      if (pathname !== "/auth/revoke") return undefined;
      const grant = refresh.get(new URLSearchParams(await request.text()).get("token") ?? "");
      if (grant) grant.isRevoked = true;
      return new Response(null, { status: 200 });
    },
    accepts(token) {
      const grant = access.get(token);
      return grant !== undefined && !grant.isRevoked;
    },
    expire: () => access.clear(),
  };
}
