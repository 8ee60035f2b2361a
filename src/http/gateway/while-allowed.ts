// Ends streamed answers when the key that opened them is revoked or expires, including those of integrations, which
// never see the key. Errors that an integration throws in the middle of a stream go to the log.

import type { Validity } from "../auth.ts";

/** How often the key of a streamed answer is checked. */
export const ASK_AGAIN_MS = 2_000;

export interface Asking {
  stop(): void;
}

/**
 * Checks periodically and whenever there is doubt, one check at a time, and calls `end` as soon as the stream is no longer
 * allowed.
 */
export function askAgain({ holds, onDoubt }: Validity, end: () => void): Asking {
  let isStopped = false;
  let isDoubtful = false;
  let isAsking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async (): Promise<void> => {
    isDoubtful = true;
    if (isAsking) return;
    isAsking = true;
    clearTimeout(timer);
    let allowed = true;
    while (isDoubtful && allowed && !isStopped) {
      isDoubtful = false;
      allowed = await holds();
    }
    isAsking = false;
    if (isStopped) return;
    if (allowed) {
      timer = setTimeout(ask, ASK_AGAIN_MS);
      return;
    }
    stop();
    end();
  };
  timer = setTimeout(ask, ASK_AGAIN_MS);
  const unwatch = onDoubt(ask);
  const stop = (): void => {
    isStopped = true;
    clearTimeout(timer);
    unwatch();
  };
  return { stop };
}

export interface GoingOn {
  /** Undefined for an answer that was opened without a key. */
  validity?: Validity | undefined;
  /**
   * Called with the error of the integration's code, which Bun would otherwise print with source lines, past the log.
   */
  onBreak: (error: unknown) => void;
}

/** Returns an answer that is cut off when its key is no longer allowed. A complete answer is returned unchanged. */
export function whileAllowed(answer: Response, { validity, onBreak }: GoingOn): Response {
  // The headers are checked first, because accessing `body` turns the answer into a stream.
  if (!goesOn(answer.headers, validity !== undefined) || !answer.body) return answer;
  const reader = answer.body.getReader();
  let asking: Asking | undefined;
  let isCut = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (!validity) return;
      asking = askAgain(validity, () => {
        isCut = true;
        breakOff(controller);
        void reader.cancel().catch(() => undefined);
      });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        // The read that was waiting for the integration ends with the answer.
        if (isCut) return;
        if (value) controller.enqueue(value);
        if (!done) return;
        asking?.stop();
        controller.close();
      } catch (error) {
        if (isCut) return;
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

/**
 * Cuts the connection, so that half an answer does not look complete. An AbortError is the one error that Bun does
 * not print.
 */
export function breakOff(controller: ReadableStreamDefaultController): void {
  controller.error(new DOMException("The answer was cut off.", "AbortError"));
}

/** Whether the answer is a stream. An answer with a length is not, and on public routes neither is a JSON value. */
function goesOn(headers: Headers, isPrivate: boolean): boolean {
  if (headers.has("content-length")) return false;
  return isPrivate || !/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "");
}
