import { serveLoopback } from "./loopback.ts";

/** A fake HTTP service for a process under test. */
export interface FakeService {
  /** Its URL without a trailing slash, to be passed to the process as a setting. */
  url: string;
  /** The requests that it got, in order. */
  requests: Request[];
  /** Stops the service. */
  close(): Promise<void>;
}

/** Starts a loopback service for a process under test, in which `fakeFetch` has no effect. Under Deno it needs `-A`. */
export async function fakeService(
  answer: (request: Request) => Response | Promise<Response>,
): Promise<FakeService> {
  const requests: Request[] = [];
  const server = await serveLoopback((request) => {
    requests.push(request.clone() as Request);
    return answer(request);
  });
  return { ...server, requests };
}
