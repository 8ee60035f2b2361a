import { block, integer, issueNumber, line, message, type Payload, record } from "../../_forge/payload.ts";
import type { Described } from "./event.ts";
import { usernameOf } from "./issues.ts";

const COMMENT_LIMIT = 3000;

const ANSWER = `Someone commented on an issue or merge request. Answer the comment.
Reply to what was asked or said, and only to that. When the comment is not meant for you and you have nothing to
add that helps, answer in one short sentence.`;

const CODE_COMMENT = `Someone commented on a line of a merge request. Answer the comment.
Fetch the merge request with gitlab_get_merge_request and look at the file and line named in the message. Keep to the code under
discussion. Your answer appears beside the line, in the same thread, so name file and line only where you mean another.`;

/** `note`: a comment on an issue or a merge request, also beside code. Those on commits and snippets are left alone. */
export function describeNote(payload: Payload): Described | null {
  const note = record(payload.object_attributes);
  const kind = note.noteable_type === "Issue" ? "issue" : "merge_request";
  const noteable = record(kind === "issue" ? payload.issue : payload.merge_request);
  const [iid, id] = [issueNumber(noteable.iid), issueNumber(note.id)];
  // Older servers name no action, and send only new notes.
  const isNew = note.action === undefined || note.action === "create";
  if (!isNew || note.system === true || iid === null || id === null) return null;
  const discussion = line(note.discussion_id);
  const place = placeOf(record(note.position));
  const name = kind === "issue" ? `issue #${iid}` : `merge request !${iid}`;
  return {
    key: `note:${id}`,
    content: message(
      [`Comment on ${name}: ${line(noteable.title)}`, `Author: ${usernameOf(payload.user)}`, place],
      block(note.note, COMMENT_LIMIT),
    ),
    run: {
      ...{ kind, iid, note: id },
      ...(DISCUSSION.test(discussion) && { discussion }),
      assignment: place === "" ? ANSWER : CODE_COMMENT,
      tools: kind === "issue" ? [] : ["gitlab_get_merge_request"],
    },
  };
}

/** It becomes a part of an address. */
const DISCUSSION = /^[0-9a-f]{40}$/;

function placeOf(position: Payload): string {
  const path = line(position.new_path) || line(position.old_path);
  const number = integer(position.new_line) ?? integer(position.old_line);
  if (path === "") return "";
  return `At ${path}${number === null ? "" : `:${number}`}`;
}
