// The status of a failure that came without one of HTTP, because its stream had begun well.

import { isObject } from "./fields.ts";

const WORDS: readonly [status: number, words: string][] = [
  [400, "invalidrequesterror badrequesterror badrequest invalidargument invalidparameter invalidprompt"],
  [401, "authenticationerror invalidapikey unauthenticated unauthorized"],
  [402, "billingerror paymentrequired"],
  [403, "permissionerror permissiondenied permissiondeniederror forbidden"],
  [404, "notfounderror modelnotfound notfound"],
  [413, "requesttoolarge"],
  [429, "ratelimiterror ratelimitexceeded ratelimit toomanyrequests resourceexhausted"],
  [503, "overloadederror unavailable serviceunavailable"],
];
const STATUSES = new Map(
  WORDS.flatMap(([status, words]) => words.split(" ").map((word) => [word, status] as const)),
);
const LONGEST = 60;

/** Several endpoints give it as the error's code; others name it: OpenAI and Anthropic, vLLM, Gemini. */
export function statusOf(error: {
  status?: number | undefined;
  code?: string | null | undefined;
  type?: string | null | undefined;
  error?: unknown;
}): number | undefined {
  if (error.status !== undefined) return error.status;
  const given = Number(error.code);
  if (Number.isInteger(given) && given >= 400 && given < 600) return given;
  const named = isObject(error.error) ? error.error.status : undefined;
  for (const word of [error.code, error.type, named]) {
    const status = typeof word === "string" ? STATUSES.get(letters(word)) : undefined;
    if (status !== undefined) return status;
  }
  return undefined;
}

const letters = (word: string): string =>
  word
    .slice(0, LONGEST)
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "");
