// Answers that go on end when the key that opened them is revoked or expires, also those of integrations, which never see
// the key; and what integrations throw in the middle of one goes to the log.

/** How often the key of an answer that goes on is looked at again. */
export const ASK_AGAIN_MS = 2_000;

export interface Asking {
  stop(): void;
}

/** Asks again and again, each time after the answer before, until it is not allowed any more: then `end` is called. */
export function askAgain(isAllowed: () => Promise<boolean>, end: () => void): Asking {
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = (): void => {
    timer = setTimeout(async () => {
      const allowed = await isAllowed();
      if (isStopped) return;
      if (allowed) next();
      else end();
    }, ASK_AGAIN_MS);
  };
  next();
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

export interface GoingOn {
  /** Undefined for one that nobody's key opened. */
  isAllowed?: (() => Promise<boolean>) | undefined;
  /** Hears what the integration's code threw. Bun would print it, with lines of the source and past the log. */
  onBreak: (error: unknown) => void;
}

/** The same answer, which breaks off when its key is no longer allowed. One that is whole already stays as it is. */
export function whileAllowed(answer: Response, { isAllowed, onBreak }: GoingOn): Response {
  // The headers first: asking for a body makes a stream of it.
  if (!goesOn(answer.headers, isAllowed !== undefined) || !answer.body) return answer;
  const reader = answer.body.getReader();
  let asking: Asking | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (!isAllowed) return;
      asking = askAgain(isAllowed, () => {
        breakOff(controller);
        void reader.cancel().catch(() => undefined);
      });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (value) controller.enqueue(value);
        if (!done) return;
        asking?.stop();
        controller.close();
      } catch (error) {
        asking?.stop();
        onBreak(error);
        breakOff(controller);
      }
    },
    async cancel(reason) {
      asking?.stop();
      await reader.cancel(reason);
    },
  });
  return new Response(body, answer);
}

/** The connection is cut, so that half an answer looks like none. Of this error alone Bun prints nothing. */
function breakOff(controller: ReadableStreamDefaultController): void {
  controller.error(new DOMException("The answer broke off.", "AbortError"));
}

/** Of an answer with a length the end is near; to strangers, who are many and wait for little, also of one JSON value. */
function goesOn(headers: Headers, isPrivate: boolean): boolean {
  if (headers.has("content-length")) return false;
  return isPrivate || !/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "");
}
