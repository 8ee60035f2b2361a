// Gmail's API and Pub/Sub on loopback for tests, for one mailbox. It refuses what the real ones refuse: tokens that have ended or cover less, a
// history that is forgotten, labels, threads and page tokens that are not there, mails that cannot be sent, and notices that are nobody's.

import { failure } from "./failure.ts";
import { createFakeMailbox, type FakeMessage, headerOf } from "./mailbox.ts";
import { callMethod, type Gmail, upload } from "./methods.ts";
import { createFakePubSub } from "./pubsub.ts";

export interface FakeGmailOptions {
  address: string;
  /** What the token in a header may be used for; undefined: nothing. */
  grantOf(authorization: string | undefined): { scope: string } | undefined;
  ackSeconds?: number;
}

export const TOPIC = "projects/acme/topics/mail";
export const SUBSCRIPTION = "projects/acme/subscriptions/heddle";
export const GMAIL_SCOPE = "https://www.googleapis.com/auth/gmail.modify";
export const PUBSUB_SCOPE = "https://www.googleapis.com/auth/pubsub";

interface Refusal {
  /** What the path ends with. */
  path: string;
  status: number;
  reason: string;
  /** It is done all the same, and only the answer is lost. */
  isDone: boolean;
  times: number;
}

export type FakeGmail = ReturnType<typeof startFakeGmail>;

export function startFakeGmail({ address, grantOf, ackSeconds }: FakeGmailOptions) {
  const mailbox = createFakeMailbox();
  const pubsub = createFakePubSub({ ...(ackSeconds !== undefined && { ackSeconds }) });
  pubsub.topics.set(TOPIC, true);
  pubsub.subscriptions.set(SUBSCRIPTION, { topic: TOPIC, notices: [], isAllowed: true });
  const gmail: Gmail = { address, mailbox, pubsub, watch: undefined };
  const requests: string[] = [];
  const refusals: Refusal[] = [];
  let isSilent = false;
  let pauseMs = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  mailbox.onChange((labelIds) => {
    const { watch } = gmail;
    if (!watch || watch.until < Date.now()) return;
    if (watch.labelIds.length > 0 && !watch.labelIds.some((id) => labelIds.includes(id))) return;
    pubsub.publish(watch.topic, { emailAddress: address, historyId: Number(mailbox.historyId) });
  });

  async function answer(request: Request, url: URL): Promise<Response> {
    const { pathname } = url;
    const isPubSub = pathname.startsWith("/v1/projects/");
    const grant = grantOf(request.headers.get("authorization") ?? undefined);
    if (!grant)
      return failure(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED", "authError");
    if (!grant.scope.split(" ").includes(isPubSub ? PUBSUB_SCOPE : GMAIL_SCOPE)) {
      const message = "Request had insufficient authentication scopes.";
      return failure(403, message, "PERMISSION_DENIED", "insufficientPermissions");
    }
    if (isPubSub) return pubsub.handle(request, pathname);
    const [, prefix = "", path = ""] = /^(\/upload)?\/gmail\/v1\/users\/me(\/.+)$/.exec(pathname) ?? [];
    if (path === "") return failure(404, "Not found.", "NOT_FOUND");
    return prefix === "/upload" ? upload(gmail, request, path, url) : callMethod(gmail, request, path, url);
  }

  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0, maxRequestBodySize: 64_000_000 },
    async fetch(request) {
      const url = new URL(request.url);
      requests.push(`${request.method} ${url.pathname}`);
      // Whoever asks waits, as for a network that swallows everything.
      if (isSilent) await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      if (pauseMs > 0) await Bun.sleep(pauseMs);
      atOnce -= 1;
      const refusal = refusals.find(({ path, times }) => times > 0 && url.pathname.endsWith(path));
      if (!refusal) return answer(request, url);
      refusal.times -= 1;
      if (refusal.isDone) await answer(request, url);
      return failure(refusal.status, "It is refused.", "ABORTED", refusal.reason);
    },
  });

  const withLabel = (label: string): FakeMessage[] =>
    [...mailbox.messages.values()].filter(({ labelIds }) => labelIds.includes(label));
  return {
    ...{
      url: `http://127.0.0.1:${server.port}`,
      port: server.port ?? 0,
      mailbox,
      pubsub,
      requests,
      withLabel,
    },
    get watch() {
      return gmail.watch;
    },
    /** How many requests waited for an answer at the same time, at most. */
    get mostAtOnce() {
      return mostAtOnce;
    },
    /** From now on each answer takes so long. */
    slowDown(ms: number): void {
      pauseMs = ms;
    },
    forgetWatch(): void {
      gmail.watch = undefined;
    },
    /** A mail arrives from elsewhere. */
    arrive(source: string, labelIds = ["INBOX", "UNREAD"]): FakeMessage {
      const bytes = Buffer.from(source.replace(/\r?\n/g, "\r\n"));
      return mailbox.add(bytes, [...labelIds], mailbox.threadOf(bytes));
    },
    byMessageId: (id: string): FakeMessage | undefined =>
      [...mailbox.messages.values()].find(({ source }) => headerOf(source, "message-id") === id),
    /** From now on nothing is answered, or everything again. */
    setSilent(silent: boolean): void {
      isSilent = silent;
    },
    /** The next requests whose path ends so are refused; `isDone`: they are done, and only the answer is lost. */
    refuse(
      path: string,
      status: number,
      { reason = "backendError", isDone = false, times = 1 } = {},
    ): Refusal {
      const refusal = { path, status, reason, isDone, times };
      refusals.push(refusal);
      return refusal;
    },
    async stop(): Promise<void> {
      await server.stop(true);
    },
  };
}
