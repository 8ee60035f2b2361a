// Frigate's HTTP API on loopback for tests, as port 8971 has it: without a token everything is refused, and only what Frigate has is there.

export interface FakeFrigate {
  url: string;
  /** What /api/review returns, as Frigate stores it. */
  reviews: { id: string; camera: string; start_time: number; [field: string]: unknown }[];
  /** What /api/events finds. */
  events: {
    id: string;
    camera: string;
    label: string;
    start_time: number;
    has_clip: boolean;
    [field: string]: unknown;
  }[];
  /** Descriptions that were written, by event. */
  described: Map<string, string>;
  /** Tokens end, as they do after a day. */
  expire(): void;
  /** The queries of /api/review. */
  asked: URLSearchParams[];
  stop(): void;
}

export const USER = { user: "heddle", password: "password-of-the-frigate-test" };

const CAMERAS: Record<string, object> = {
  door: {
    ...{ zones: { porch: {} }, objects: { track: ["person"] } },
    ...{ record: { enabled: true }, snapshots: { enabled: true } },
  },
  garden: { enabled: false },
};
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
const MP4 = Buffer.alloc(2_000);
const KNOWN_EVENT = "1718987129.308396-fqk5ka";

const notFound = () => Response.json({ success: false, message: "Not found" }, { status: 404 });

/** Pictures, clips, single reviews and what is written; undefined for a path that Frigate does not have. */
async function answerTools(fake: FakeFrigate, request: Request): Promise<Response | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  const [, id = "", file = ""] = /^\/api\/events\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
  if (file === "description") {
    if (request.method !== "POST") return Response.json({ detail: "Method Not Allowed" }, { status: 405 });
    const { description } = (await request.json()) as { description?: unknown };
    if (typeof description !== "string") return Response.json({ detail: "description" }, { status: 422 });
    if (id !== KNOWN_EVENT) return notFound();
    fake.described.set(id, description);
    return Response.json({ success: true, message: `Event ${id} description set` });
  }
  if (request.method !== "GET") return Response.json({ detail: "Method Not Allowed" }, { status: 405 });
  if (pathname === "/api/stats") return Response.json({ cameras: { door: { camera_fps: 5 } }, service: {} });
  if (pathname === "/api/events") return findEvents(fake, searchParams);
  const review = /^\/api\/review\/([^/]+)$/.exec(pathname)?.[1];
  if (review !== undefined) {
    const found = fake.reviews.find((one) => one.id === review);
    return found && Response.json(found);
  }
  if (id !== "") {
    if (id !== KNOWN_EVENT) return notFound();
    return file === "snapshot.jpg" ? new Response(JPEG) : file === "clip.mp4" ? new Response(MP4) : undefined;
  }
  const [, camera = "", what = ""] = /^\/api\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
  if (!(camera in CAMERAS)) return undefined;
  if (what === "latest.jpg") return new Response(JPEG);
  const [, from, to] = /^start\/([\d.]+)\/end\/([\d.]+)\/clip\.mp4$/.exec(what) ?? [];
  return Number(to) > Number(from) ? new Response(MP4) : undefined;
}

function findEvents({ events }: FakeFrigate, query: URLSearchParams): Response {
  for (const name of ["limit", "after", "before", "has_clip", "has_snapshot", "favorites"]) {
    if (query.has(name) && !Number.isFinite(Number(query.get(name) || "none")))
      return Response.json({ detail: `${name} must be a number` }, { status: 422 });
  }
  const among = (name: string, value: string) => (query.get(name)?.split(",") ?? [value]).includes(value);
  const found = events.filter(
    (one) =>
      among("cameras", one.camera) &&
      among("labels", one.label) &&
      one.start_time > Number(query.get("after") ?? 0) &&
      one.start_time < Number(query.get("before") ?? Number.POSITIVE_INFINITY) &&
      (!query.has("has_clip") || one.has_clip === (query.get("has_clip") === "1")),
  );
  return Response.json(
    found.sort((a, b) => b.start_time - a.start_time).slice(0, Number(query.get("limit") ?? 100)),
  );
}

export function startFakeFrigate(): FakeFrigate {
  const tokens = new Set<string>();
  const fake: FakeFrigate = {
    ...{ url: "", reviews: [], events: [], described: new Map(), asked: [] },
    expire: () => tokens.clear(),
    stop: () => void server.stop(true),
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/api/login") return signIn(request);
      if (!tokens.has(request.headers.get("authorization")?.replace("Bearer ", "") ?? ""))
        return Response.json({ message: "Unauthorized" }, { status: 401 });
      if (pathname === "/api/version") return new Response("0.17.1-abc");
      if (pathname === "/api/config") return Response.json({ cameras: CAMERAS });
      if (pathname !== "/api/review") return (await answerTools(fake, request)) ?? notFound();
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
