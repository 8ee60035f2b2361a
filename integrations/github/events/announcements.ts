// Events that start no run and only become context: releases and discussions.

import { block, line, login, message, type Payload, record } from "../../_forge/payload.ts";
import type { EventMessage } from "./event.ts";

const BODY_LIMIT = 2000;

/** `release`: published. */
export function describeRelease(payload: Payload): EventMessage | null {
  if (payload.action !== "published") return null;
  const release = record(payload.release);
  const tag = line(release.tag_name);
  return {
    content: message(
      [`Release ${tag} published: ${line(release.name) || tag}`, `Author: ${login(release.author)}`],
      block(release.body, BODY_LIMIT),
    ),
    run: null,
  };
}

/** `discussion`: created. */
export function describeDiscussion(payload: Payload): EventMessage | null {
  if (payload.action !== "created") return null;
  const discussion = record(payload.discussion);
  return {
    content: message(
      [`Discussion started: ${line(discussion.title)}`, `Author: ${login(discussion.user)}`],
      block(discussion.body, BODY_LIMIT),
    ),
    run: null,
  };
}

/** `discussion_comment`: created. */
export function describeDiscussionComment(payload: Payload): EventMessage | null {
  if (payload.action !== "created") return null;
  const comment = record(payload.comment);
  return {
    content: message(
      [`Comment on discussion: ${line(record(payload.discussion).title)}`, `Author: ${login(comment.user)}`],
      block(comment.body, BODY_LIMIT),
    ),
    run: null,
  };
}
