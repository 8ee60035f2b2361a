// Answers that go on end when the key that opened them is revoked or expires, also those of integrations, which never see
// the key.

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

/** The same answer, which breaks off when its key is no longer allowed. One that is whole already stays as it is. */
export function whileAllowed(answer: Response, isAllowed: () => Promise<boolean>): Response {
  if (!answer.body || !goesOn(answer.headers)) return answer;
  const reader = answer.body.getReader();
  let asking: Asking | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      asking = askAgain(isAllowed, () => {
        controller.error(new Error("The API key is no longer valid."));
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
        controller.error(error);
      }
    },
    async cancel(reason) {
      asking?.stop();
      await reader.cancel(reason);
    },
  });
  return new Response(body, answer);
}

/** Of an answer with a length, or of one JSON value, the end is near. */
function goesOn(headers: Headers): boolean {
  if (headers.has("content-length")) return false;
  return !/^application\/json\b/i.test(headers.get("content-type") ?? "");
}
