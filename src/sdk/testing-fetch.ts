// Stands in for the internet in an author's test.

/** Requests that the code under test sent, instead of any going out. */
export interface FakeFetch {
  /** In the order in which they were sent. */
  requests: Request[];
  /** Gives the platform's `fetch` back. */
  restore(): void;
}

/** From now on `answer` is the whole internet, for the SDK's `fetch` and the platform's. */
export function fakeFetch(answer: (request: Request) => Response | Promise<Response>): FakeFetch {
  const platform = globalThis.fetch;
  const requests: Request[] = [];
  const fake = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? new Request(input, init) : new Request(String(input), init);
    request.signal.throwIfAborted();
    requests.push(request.clone() as Request);
    return answer(request);
  };
  globalThis.fetch = fake as typeof globalThis.fetch;
  return {
    requests,
    restore() {
      globalThis.fetch = platform;
    },
  };
}
