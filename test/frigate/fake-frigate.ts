// Frigate's HTTP API on loopback for tests, as port 8971 has it: without a token everything is refused, and only what Frigate has is there.

export interface FakeFrigate {
  url: string;
  /** What /api/review returns, as Frigate stores it. */
  reviews: { id: string; camera: string; start_time: number; [field: string]: unknown }[];
  /** The queries of /api/review. */
  asked: URLSearchParams[];
  stop(): void;
}

export const USER = { user: "heddle", password: "password-of-the-frigate-test" };

export function startFakeFrigate(): FakeFrigate {
  const tokens = new Set<string>();
  const fake: FakeFrigate = { url: "", reviews: [], asked: [], stop: () => void server.stop(true) };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/api/login") return signIn(request);
      if (!tokens.has(request.headers.get("authorization")?.replace("Bearer ", "") ?? ""))
        return Response.json({ message: "Unauthorized" }, { status: 401 });
      if (pathname === "/api/version") return new Response("0.17.1-abc");
      if (pathname === "/api/config") return Response.json({ cameras: { door: {}, garden: {} } });
      if (pathname !== "/api/review") return Response.json({ message: "Not found" }, { status: 404 });
      const [after, limit] = [searchParams.get("after"), searchParams.get("limit")].map(Number);
      if (!Number.isFinite(after) || !Number.isInteger(limit))
        return Response.json({ detail: "after and limit must be numbers" }, { status: 422 });
      fake.asked.push(searchParams);
      // Newest first, as Frigate answers.
      const severity = searchParams.get("severity");
      const found = fake.reviews.filter(
        (one) => one.start_time > (after ?? 0) && (severity === null || one.severity === severity),
      );
      return Response.json(found.sort((a, b) => b.start_time - a.start_time).slice(0, limit));
    },
  });

  async function signIn(request: Request): Promise<Response> {
    const given = (await request.json().catch(() => ({}))) as Partial<typeof USER>;
    if (request.method !== "POST" || given.user !== USER.user || given.password !== USER.password)
      return Response.json({ message: "Login failed" }, { status: 401 });
    const token = crypto.randomUUID();
    tokens.add(token);
    return new Response(null, { headers: { "set-cookie": `frigate_token=${token}; HttpOnly; Path=/` } });
  }

  fake.url = server.url.origin;
  return fake;
}
