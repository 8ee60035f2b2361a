import { serveLoopback } from "./loopback.ts";

/** A service that a process under test asks over HTTP. */
export interface FakeService {
  /** Where it is, without a trailing slash: give it to the process as a setting. */
  url: string;
  /** What it was asked, in order. */
  requests: Request[];
  /** Ends it. */
  close(): Promise<void>;
}

/** Starts a service on this machine for a process under test, which `fakeFetch` does not reach. Under Deno it needs `-A`. */
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
