// Calls of tools that wait for a person, asked and answered in the comments of an issue or merge request.

import type { AskApprovalInput, DispatchContext } from "heddle/sdk";
import { askInComment, type Commands, decideByComment as decide, same } from "../_forge/approvals.ts";
import { type Payload, record } from "../_forge/payload.ts";
import type { Noteable } from "./client.ts";
import type { EventRun } from "./events/event.ts";
import { changeNote, type NoteReceipt, type NoteTarget, postNotes } from "./notes.ts";

/** Without a slash: "/approve" would approve the merge request. */
const COMMANDS: Commands = { approve: "approve", deny: "deny" };

export function askOnNoteable(
  input: Pick<AskApprovalInput, "approval" | "botId" | "receipt">,
  { discussion: _, ...place }: NoteTarget,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  const about = { source: "gitlab", service: "GitLab", place, commands: COMMANDS };
  return askInComment(input, about, ctx, {
    post: (text) => postNotes(place, text, ctx, ctx.signal),
    async change(receipt, body) {
      const { note_ids: [id] = [] } = receipt as Partial<NoteReceipt>;
      return id === undefined ? undefined : changeNote(place, id, body, ctx.signal);
    },
  });
}

/** What became of a comment that decides on a call; undefined for any other. */
export async function decideByComment(payload: Payload, project: string, { kind, iid }: EventRun) {
  return decide<Noteable>(
    "note",
    {
      body: record(payload.object_attributes).note,
      author: authorOf(payload),
      isAskedThere: (asked) => same(asked.project, project) && asked.kind === kind && asked.iid === iid,
    },
    COMMANDS,
  );
}

/** The person who has sent the comment, if it is also their text. */
function authorOf({ user, object_attributes }: Payload): { login: string; id: string } | undefined {
  const { username, id } = record(user);
  if (typeof username !== "string" || username === "" || !Number.isSafeInteger(id)) return undefined;
  return record(object_attributes).author_id === id ? { login: username, id: String(id) } : undefined;
}
