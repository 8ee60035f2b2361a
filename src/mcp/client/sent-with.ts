// With which token a request was sent, by its answer: of several requests of one connection, each may have had another.

const tokens = new WeakMap<Response, string>();

export function noteToken(answer: Response, init: RequestInit | undefined): Response {
  const [scheme = "", token] = new Headers(init?.headers).get("authorization")?.split(" ") ?? [];
  if (token !== undefined && scheme.toLowerCase() === "bearer") tokens.set(answer, token);
  return answer;
}

export const tokenSentWith = (answer: Response): string | undefined => tokens.get(answer);
