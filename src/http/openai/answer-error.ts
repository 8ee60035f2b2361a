import type { Logger } from "../../log.ts";
import { answerError, type ErrorFacts } from "../errors.ts";

const TYPES: Record<number, string> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

/** Answers an error in the form that clients of OpenAI's API read. */
export async function answerOpenAiError(error: unknown, facts: ErrorFacts, log: Logger): Promise<Response> {
  const answer = answerError(error, facts, log);
  const { error: own } = (await answer.json()) as {
    error: { code: string; message: string; field?: string };
  };
  // OpenAI's clients expect 400 for input that is not valid.
  const status = answer.status === 422 ? 400 : answer.status;
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return Response.json(errorBody(status, own), { status, headers });
}

export const errorBody = (
  status: number,
  { code, message, field }: { code: string; message: string; field?: string },
) => ({
  error: {
    message,
    type: TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error"),
    param: field ?? null,
    code,
  },
});
