// `heddle approvals`: lists the calls that wait for a person on a running server, and decides on them.

import { escaped } from "../../log-error.ts";
import type { Connection } from "./connect.ts";
import { rowsOf } from "./rows.ts";

/** The printed part of the server's answers. */
interface Approval {
  id: string;
  tool_name: string;
  bot_id: string;
  arguments: Record<string, unknown>;
  status: string;
  decided_by_name: string | null;
  reason: string | null;
  expires_at: string;
}

export interface GivenVerdict {
  id: string;
  approved: boolean;
  choice: string | undefined;
  note: string | undefined;
}

type Print = (line: string) => void;

const APPROVALS = "/api/v1/approvals";

export async function listApprovals(server: Connection, print: Print): Promise<void> {
  let isEmpty = true;
  for await (const one of rowsOf<Approval>(server, `${APPROVALS}?status=pending`, "approvals")) {
    for (const line of linesOf(one)) print(line);
    isEmpty = false;
  }
  if (isEmpty) print("No call waits for a person.");
}

export async function decideApproval(
  server: Connection,
  { id, approved, choice, note }: GivenVerdict,
  print: Print,
): Promise<void> {
  const { status, tool_name, bot_id } = (await server.post(`${APPROVALS}/${encodeURIComponent(id)}/decide`, {
    approved,
    ...(choice !== undefined && { choice }),
    ...(note !== undefined && { note }),
  })) as Approval;
  print(`${id} is ${status}: ${tool_name}, called by ${bot_id}.`);
}

function linesOf({ id, tool_name, bot_id, arguments: args, reason, expires_at }: Approval): string[] {
  return [
    `${id}  ${bot_id} wants to call ${tool_name}, until ${expires_at}`,
    // One line for each argument; what comes from a model cannot draw lines of its own, or look like something else.
    ...Object.entries(args).map(
      ([name, value]) => `    ${escaped(`${JSON.stringify(name)}: ${JSON.stringify(value)}`)}`,
    ),
    ...(reason === null ? [] : [`    Why: ${reason}`]),
  ];
}
