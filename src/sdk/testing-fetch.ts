// A fake `fetch` for authors' tests.

/** Records the requests of the code under test; none of them goes out. */
export interface FakeFetch {
  /** The requests, in the order in which they were sent. */
  requests: Request[];
  /** Restores the platform's `fetch`. */
  restore(): void;
}

/** From now on `answer` handles every request of the SDK's `fetch` and of the platform's. */
export function fakeFetch(answer: (request: Request) => Response | Promise<Response>): FakeFetch {
  const platform = globalThis.fetch;
  const requests: Request[] = [];
  const fake = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? new Request(input, init) : new Request(String(input), init);
    request.signal.throwIfAborted();
    requests.push(request.clone() as Request);
    return untilAborted(request.signal, answer(request));
  };
  globalThis.fetch = fake as typeof globalThis.fetch;
  return {
    requests,
    restore() {
      globalThis.fetch = platform;
    },
  };
}

/** Like a request that goes out, it ends with its signal, also if the answer never comes. */
function untilAborted(signal: AbortSignal, answer: Response | Promise<Response>): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  Promise.resolve(answer)
    .then(resolve, reject)
    .finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}
