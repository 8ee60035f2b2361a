// The MCP server at /mcp, of both eras of the protocol: tools of integrations, and bots to ask, for coding agents, editors and
// other programs. Each request is answered by itself; there are no sessions of the protocol.

import { HeddleError } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { REQUEST_ID } from "../answer-headers.ts";
import { readJson } from "../api/json-body.ts";
import { answerError } from "../errors.ts";
import type { Answering, AnsweringOptions } from "./answer.ts";

export interface McpOptions extends AnsweringOptions {
  /** BASE_URL */
  publicUrl: () => string | undefined;
}

export const MCP_PATH = "/mcp";
const MCP_SCOPE = "mcp:use";
const BODY_LIMIT = 4 * 1024 * 1024;

export function createMcp(options: McpOptions): (request: Request) => Promise<Response> {
  const { auth, publicUrl, log } = options;
  let answering: Answering | undefined;
  return async (request) => {
    const requestId = newId();
    const answer = await answerOrError();
    answer.headers.set(REQUEST_ID, requestId);
    return answer;

    async function answerOrError(): Promise<Response> {
      try {
        refuseOtherOrigin(request, auth.factsOf(request).host, publicUrl());
        if (!request.headers.has("authorization")) {
          throw new HeddleError("unauthorized", "Send an API key: Authorization: Bearer <key>.");
        }
        await auth.authorize(request, MCP_SCOPE);
        const body = request.method === "POST" ? await readJson(request, BODY_LIMIT) : undefined;
        answering ??= (await import("./answer.ts")).createAnswering(options);
        return await answering(request, body);
      } catch (error) {
        const failed = answerError(error, { requestId, method: request.method, path: MCP_PATH }, log);
        if (failed.status === 401) failed.headers.set("www-authenticate", "Bearer");
        return failed;
      }
    }
  };
}

/** The protocol asks for it: a page of another site must not speak with a server in the reader's own network. */
function refuseOtherOrigin({ headers }: Request, host: string, publicUrl: string | undefined): void {
  const origin = headers.get("origin");
  if (origin === null) return;
  const url = URL.parse(origin);
  const isOwn = url?.host === host || (publicUrl !== undefined && url?.origin === new URL(publicUrl).origin);
  if (!isOwn) throw new HeddleError("forbidden", "A page of another site must not use this server.");
}
