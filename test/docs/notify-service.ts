// A loopback version of the service in the guide's example, with rooms to look up and to post into.

export interface Post {
  room: string;
  text: string;
  /** The status that the service answered with. */
  id: string;
  idempotencyKey: string | null;
  /** The sender's User-Agent. */
  client: string | null;
}

export interface NotifyService {
  url: string;
  /** Posts, oldest first. */
  posts: Post[];
  /** Senders of requests about rooms. */
  asked: { room: string; authorization: string | null }[];
  /** Alarms that were not accepted. */
  overdue: { id: string; room: string; text: string }[];
  /** Senders of requests for these alarms, each with its cursor. */
  reminded: { after: string | null; authorization: string | null }[];
  close(): Promise<void>;
}

/** The answer to a post into a room that accepts none. */
const REFUSALS: Record<string, number> = { gone: 410, busy: 503 };

/** `token` is that of its only account. */
export function createNotifyService(token: string): NotifyService {
  const posts: Post[] = [];
  const asked: NotifyService["asked"] = [];
  const overdue: NotifyService["overdue"] = [];
  const reminded: NotifyService["reminded"] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/rooms/:room": ({ params, headers }) => {
        asked.push({ room: params.room, authorization: headers.get("authorization") });
        return Response.json({ topic: "Servers", on_call: "Ada", address: "of no interest to a model" });
      },
      "/account": ({ headers }) => {
        const isKnown = headers.get("authorization") === `Bearer ${token}`;
        return isKnown ? Response.json({ name: "Heddle" }) : new Response("No", { status: 401 });
      },
      "/overdue": ({ url, headers }) => {
        const after = new URL(url).searchParams.get("after");
        reminded.push({ after, authorization: headers.get("authorization") });
        return Response.json(overdue.filter(({ id }) => id > (after ?? "")));
      },
      "/rooms/:room/messages": {
        async POST(request) {
          const { room } = request.params;
          const refusal = REFUSALS[room];
          if (refusal) return new Response("No", { status: refusal });
          const { text } = (await request.json()) as { text: string };
          const id = crypto.randomUUID();
          const idempotencyKey = request.headers.get("idempotency-key");
          posts.push({ room, text, id, idempotencyKey, client: request.headers.get("user-agent") });
          return Response.json({ id }, { status: 201 });
        },
      },
    },
  });
  return { url: server.url.origin, posts, asked, overdue, reminded, close: () => server.stop(true) };
}
