// `heddle approvals`: calls of tools that wait for a person, of the running server.

import { defineCommand } from "citty";
import { CLIENT_FLAGS, type ClientFlags, leaf } from "./cli-leaf.ts";
import type { GivenVerdict } from "./client/approvals.ts";

export interface ApprovalCommands {
  listApprovals(flags: ClientFlags): Promise<void>;
  decideApproval(flags: ClientFlags, given: GivenVerdict): Promise<void>;
}

export function approvalCommands(commands: ApprovalCommands) {
  const decide = (word: "approve" | "deny", description: string) =>
    leaf({
      meta: { name: `approvals ${word}`, description },
      args: {
        ...CLIENT_FLAGS,
        id: { type: "positional", required: true, description: "The approval's id" },
        for: {
          type: "string",
          description: "once (the default), run: all calls of the tool in this run, or always: a policy",
          valueHint: "choice",
        },
        note: { type: "string", description: "What the bot is told if you deny it", valueHint: "text" },
      },
      run: ({ args }) =>
        commands.decideApproval(args, {
          id: args.id,
          approved: word === "approve",
          choice: args.for,
          note: args.note,
        }),
    });
  return defineCommand({
    meta: { name: "approvals", description: "Calls of tools that wait for a person, of the running server" },
    subCommands: {
      list: leaf({
        meta: { name: "approvals list", description: "List the calls that wait" },
        args: CLIENT_FLAGS,
        run: ({ args }) => commands.listApprovals(args),
      }),
      approve: decide("approve", "Let a call be made"),
      deny: decide("deny", "Keep a call from being made"),
    },
  });
}
