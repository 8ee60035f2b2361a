// An ntfy server on loopback: publishing as JSON and as bytes, streams with `since`, the limits and the words of the real one.

export const USER = { name: "heddle", password: "päss:word" };
const BASIC = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString("base64")}`;
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/;
const MESSAGE_BYTES = 4_096;
const FILE_BYTES = 15 * 1024 * 1024;

export interface FakeNotification {
  id: string;
  time: number;
  event: "message" | "message_delete";
  topic: string;
  message: string;
  title?: string;
  tags?: string[];
  priority?: number;
  click?: string;
  sequence_id?: string;
  actions?: { action: string; label: string; url: string; method?: string }[];
  attachment?: { name: string; size: number; url: string };
}

export interface NtfyRefusal {
  /** Only in this topic, and until it is ended, instead of once. */
  topic?: string;
  /** It is published all the same. */
  isDone?: boolean;
}

export interface FakeNtfy {
  /** For NTFY_URL. */
  url: string;
  /** What apps show, oldest first; those that were replaced or removed are gone. */
  shown(topic: string): FakeNotification[];
  /** All that was published, which the server keeps also of what was replaced. */
  kept(topic: string): FakeNotification[];
  files: Map<string, Uint8Array>;
  /** Publishes as somebody's app does. */
  say(topic: string, message: string, more?: object): string;
  /** Sends any value to the subscribers of a topic. */
  sayRaw(topic: string, line: unknown): void;
  /** Deletes as somebody's app or program does. */
  unsay(topic: string, sequence: string): void;
  /** Sends a message again that subscribers have got. */
  tellAgain(id: string): void;
  /** Ends all streams. */
  cut(): void;
  refuse(status: number, headers?: Record<string, string>, options?: NtfyRefusal): () => void;
  subscriptions: { topics: string; since: string | null }[];
  close(): Promise<void>;
}

const failure = (status: number, error: string, headers: Record<string, string> = {}): Response =>
  Response.json({ code: status * 100, http: status, error }, { status, headers });

export function createFakeNtfy({ token = "", canUpdate = true, keepAliveMs = 45_000 } = {}): FakeNtfy {
  const all: FakeNotification[] = [];
  const files = new Map<string, Uint8Array>();
  const streams = new Set<{ topics: string[]; send(line: object): void; end(): void }>();
  const subscriptions: FakeNtfy["subscriptions"] = [];
  const refusals: (NtfyRefusal & { answer: () => Response })[] = [];
  let next = 1;

  function add(
    fields: Omit<FakeNotification, "id" | "time" | "event">,
    event: FakeNotification["event"] = "message",
  ): FakeNotification {
    const id = `msg${String(next++).padStart(9, "0")}`;
    const { sequence_id, ...others } = fields;
    const sequence = canUpdate && sequence_id !== undefined && { sequence_id };
    const added = { ...others, ...sequence, id, time: Math.floor(Date.now() / 1_000), event };
    all.push(added);
    for (const stream of streams) if (stream.topics.includes(added.topic)) stream.send(added);
    return added;
  }

  const sequenceOf = ({ sequence_id, id }: FakeNotification): string => sequence_id ?? id;

  function shown(topic: string): FakeNotification[] {
    const there = all.filter((one) => one.topic === topic);
    const isLast = (one: FakeNotification, at: number) =>
      !there.slice(at + 1).some((later) => sequenceOf(later) === sequenceOf(one));
    return there.filter(isLast).filter(({ event }) => event === "message");
  }

  // biome-ignore lint/suspicious/noExplicitAny: outside data
  function publish(fields: Record<string, any>): Response {
    const { topic, message = "", priority, actions = [], tags } = fields;
    if (!TOPIC.test(topic ?? "")) return failure(400, "invalid request: topic invalid");
    if (canUpdate && fields.sequence_id !== undefined && !TOPIC.test(fields.sequence_id))
      return failure(400, "invalid request: sequence ID invalid");
    if (priority !== undefined && !(Number.isInteger(priority) && priority >= 1 && priority <= 5))
      return failure(400, "invalid request: priority invalid");
    if (tags !== undefined && !Array.isArray(tags))
      return failure(400, "invalid request: request body must be valid JSON");
    if (actions.length > 3) return failure(400, "invalid request: actions invalid, only 3 actions allowed");
    for (const { action, label, url } of actions) {
      if (!["view", "broadcast", "http"].includes(action) || !label || !URL.canParse(url))
        return failure(400, "invalid request: actions invalid");
    }
    if (Buffer.byteLength(message) > MESSAGE_BYTES) {
      const attachment = store("attachment.txt", new Uint8Array(Buffer.from(message)));
      return Response.json(
        add({ ...fields, topic, message: "You received a file: attachment.txt", attachment }),
      );
    }
    return Response.json(add({ ...fields, topic, message: message || "triggered" }));
  }

  function store(name: string, bytes: Uint8Array) {
    const path = `/file/${next}`;
    files.set(path, bytes);
    return { name, size: bytes.length, url: `http://127.0.0.1:${server.port}${path}` };
  }

  async function upload(topic: string, query: URLSearchParams, request: Request): Promise<Response> {
    const sequence_id = request.headers.get("x-sequence-id") ?? undefined;
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.length > FILE_BYTES) return failure(413, "attachment too large, or bandwidth limit reached");
    const name = query.get("filename") ?? "attachment.bin";
    const message = query.get("message") ?? `You received a file: ${name}`;
    if (Buffer.byteLength(message) > MESSAGE_BYTES) return failure(413, "message too large");
    return publish({
      ...{ topic, message, attachment: store(name, bytes), ...(sequence_id && { sequence_id }) },
      ...(query.get("title") && { title: query.get("title") }),
      ...(query.get("tags") && { tags: query.get("tags")?.split(",") }),
      ...(query.get("priority") && { priority: Number(query.get("priority")) }),
    });
  }

  function subscribe(names: string, query: URLSearchParams, signal: AbortSignal): Response {
    const topics = names.split(",");
    if (!topics.every((topic) => TOPIC.test(topic))) return failure(400, "invalid request: topic invalid");
    const since = query.get("since");
    const last = all.findIndex(({ id }) => id === since);
    if (
      since !== null &&
      last < 0 &&
      !/^(\d+|\d+[smhd]|all|latest|none)$/.test(since) &&
      !since.startsWith("msg")
    )
      return failure(400, "invalid request: since parameter is invalid");
    subscriptions.push({ topics: names, since });
    const missed = all.filter(({ topic, time }, at) => {
      if (since === null || !topics.includes(topic)) return false;
      return last >= 0 ? at > last : /^\d+$/.test(since) ? time >= Number(since) : true;
    });
    const body = new ReadableStream<string>({
      start(controller) {
        const send = (line: object) => controller.enqueue(`${JSON.stringify(line)}\n`);
        const stream = {
          ...{ topics, send },
          end() {
            streams.delete(stream);
            try {
              controller.close();
            } catch {
              // The subscriber has left.
            }
          },
        };
        streams.add(stream);
        signal.addEventListener("abort", () => streams.delete(stream));
        send({ id: "open", event: "open", topic: names });
        for (const one of missed) send(one);
      },
    });
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  }

  const keeping = setInterval(() => {
    for (const { send } of streams) send({ id: "keepalive", event: "keepalive" });
  }, keepAliveMs);
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0 },
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      // Wrong credentials are refused before anything else is looked at; without any, somebody is nobody.
      const given = request.headers.get("authorization");
      if (given !== null && given !== `Bearer ${token}` && given !== BASIC)
        return failure(401, "unauthorized");
      if (pathname === "/v1/health") return Response.json({ healthy: true });
      if (token !== "" && given === null) return failure(403, "forbidden");
      const [, names = "", format] = pathname.split("/");
      if (request.method === "GET" && format === "json")
        return subscribe(names, searchParams, request.signal);
      const [, , sequence = ""] = pathname.split("/");
      const isDelete = canUpdate && request.method === "DELETE" && TOPIC.test(sequence);
      const isJson = request.method === "POST" && pathname === "/";
      const fields = isJson ? ((await request.json()) as { topic?: string }) : { topic: names };
      const at = refusals.findIndex(({ topic }) => topic === undefined || topic === fields.topic);
      const refusal = refusals[at];
      if (refusal && refusal.topic === undefined) refusals.splice(at, 1);
      if (refusal?.isDone) publish(fields);
      if (refusal) return refusal.answer();
      if (isDelete)
        return Response.json(add({ topic: names, message: "", sequence_id: sequence }, "message_delete"));
      if (isJson) return publish(fields);
      if (request.method === "PUT") return upload(names, searchParams, request);
      return failure(404, "page not found");
    },
  });

  return {
    ...{ url: `http://127.0.0.1:${server.port}`, files, subscriptions },
    shown,
    kept: (topic) => all.filter((one) => one.topic === topic),
    say: (topic, message, more = {}) => add({ topic, message, ...more }).id,
    unsay: (topic, sequence) => void add({ topic, message: "", sequence_id: sequence }, "message_delete"),
    sayRaw(topic, line) {
      for (const stream of streams) if (stream.topics.includes(topic)) stream.send(line as object);
    },
    tellAgain(id) {
      const again = all.find((one) => one.id === id);
      for (const stream of streams) if (again && stream.topics.includes(again.topic)) stream.send(again);
    },
    cut() {
      for (const stream of [...streams]) stream.end();
    },
    refuse(status, headers, options = {}) {
      const refusal = { answer: () => failure(status, "limit reached", headers), ...options };
      refusals.push(refusal);
      return () => void refusals.splice(refusals.indexOf(refusal), 1);
    },
    async close() {
      clearInterval(keeping);
      for (const stream of [...streams]) stream.end();
      await server.stop(true);
    },
  };
}
