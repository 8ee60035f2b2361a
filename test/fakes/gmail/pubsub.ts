// Google's Pub/Sub as far as pulling goes: what is not acknowledged in time comes again.

import { failure } from "./failure.ts";

interface Notice {
  data: string;
  messageId: string;
  ackId: string | undefined;
  leasedUntil: number;
}

export interface FakeSubscription {
  topic: string;
  notices: Notice[];
  /** Whether the account may pull. */
  isAllowed: boolean;
}

export type FakePubSub = ReturnType<typeof createFakePubSub>;

/** `ackSeconds`: how long a notice is somebody's before it comes again. */
export function createFakePubSub({ ackSeconds = 10, waitSeconds = 90 } = {}) {
  /** By name: whether Gmail may publish. */
  const topics = new Map<string, boolean>();
  const subscriptions = new Map<string, FakeSubscription>();
  const waiting = new Set<() => void>();
  const acknowledged: string[] = [];
  let counter = 0;

  function take({ notices }: FakeSubscription, most: number): object[] {
    const now = Date.now();
    const free = notices.filter(({ leasedUntil }) => leasedUntil <= now).slice(0, most);
    return free.map((notice) => {
      notice.ackId = `ack-${++counter}-${crypto.randomUUID()}`;
      notice.leasedUntil = now + ackSeconds * 1_000;
      const { data, messageId, ackId } = notice;
      return { ackId, message: { data, messageId, publishTime: new Date().toISOString() } };
    });
  }

  async function pull(one: FakeSubscription, most: number, signal: AbortSignal): Promise<Response> {
    const until = Date.now() + waitSeconds * 1_000;
    for (;;) {
      const receivedMessages = signal.aborted ? [] : take(one, most);
      if (receivedMessages.length > 0) return Response.json({ receivedMessages });
      if (signal.aborted || Date.now() >= until) return Response.json({});
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, 500);
      waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      clearTimeout(timer);
      waiting.delete(resolve);
    }
  }

  function acknowledge({ notices }: FakeSubscription, ackIds: string[]): Response {
    const known = new Set(notices.map(({ ackId }) => ackId));
    if (ackIds.length === 0) return failure(400, "You have passed an empty ack id list.", "INVALID_ARGUMENT");
    if (ackIds.some((id) => !/^ack-\d+-/.test(id)))
      return failure(400, "You have passed an invalid ack id.", "INVALID_ARGUMENT");
    // One whose time has passed is no error, and does nothing.
    acknowledged.push(...ackIds.filter((id) => known.has(id)));
    for (const id of ackIds) {
      const at = notices.findIndex(({ ackId }) => ackId === id);
      if (at >= 0) notices.splice(at, 1);
    }
    return Response.json({});
  }

  return {
    topics,
    subscriptions,
    acknowledged,
    publish(topic: string, value: object): void {
      for (const one of subscriptions.values()) {
        if (one.topic !== topic) continue;
        const data = Buffer.from(JSON.stringify(value)).toString("base64");
        one.notices.push({ data, messageId: String(++counter), ackId: undefined, leasedUntil: 0 });
      }
      for (const wake of [...waiting]) wake();
    },
    async handle(request: Request, path: string): Promise<Response> {
      const [, name = "", verb = ""] =
        /^\/v1\/(projects\/[^/]+\/subscriptions\/[^/:]+):(\w+)$/.exec(path) ?? [];
      if (verb === "" || request.method !== "POST") return failure(404, "Not found.", "NOT_FOUND");
      const body = (await request.json()) as Record<string, unknown>;
      const one = subscriptions.get(name);
      if (!one) return failure(404, `Resource not found (resource=${name.split("/")[3]}).`, "NOT_FOUND");
      if (verb === "testIamPermissions")
        return Response.json(one.isAllowed ? { permissions: body.permissions } : {});
      if (!one.isAllowed)
        return failure(403, "User not authorized to perform this action.", "PERMISSION_DENIED");
      if (verb === "pull") {
        const most = body.maxMessages;
        if (typeof most !== "number" || most < 1)
          return failure(400, "You have not specified a positive max_messages.", "INVALID_ARGUMENT");
        return pull(one, most, request.signal);
      }
      if (verb === "acknowledge") return acknowledge(one, (body.ackIds ?? []) as string[]);
      return failure(404, "Not found.", "NOT_FOUND");
    },
  };
}
