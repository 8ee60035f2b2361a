import type { Octokit } from "@octokit/core";
import { deliveryMarker } from "./markers.ts";
import { splitText } from "./split-text.ts";

/** An issue or a pull request: for comments they are the same. */
export interface CommentTarget {
  owner: string;
  repo: string;
  issue_number: number;
}

interface Delivery {
  delivery_id: string;
  attempt: number;
}

interface CommentReceipt {
  comment_ids: number[];
  urls: string[];
}

const COMMENT_LIMIT = 65_536;
const PAGE = 100;

interface Posted {
  id: number;
  url: string;
}

/**
 * Posts a text as one comment, or as several when it is too long for one. From the second attempt on, the parts that
 * an earlier attempt posted are found by their marker and not posted again.
 */
export async function postComments(
  github: Octokit,
  target: CommentTarget,
  text: string,
  { delivery_id, attempt }: Delivery,
): Promise<CommentReceipt> {
  const room = COMMENT_LIMIT - deliveryMarker(delivery_id, 99_999).length - 1;
  const parts = splitText(text, room).map((part, index) => {
    const marker = deliveryMarker(delivery_id, index + 1);
    return { marker, body: `${marker}\n${part}` };
  });
  const earlier = attempt > 1 ? await listComments(github, target, delivery_id) : [];
  const posted: Posted[] = [];
  for (const { marker, body } of parts) {
    const found = earlier.find((comment) => comment.body.startsWith(marker));
    posted.push(found ?? (await createComment(github, target, body)));
  }
  return { comment_ids: posted.map((comment) => comment.id), urls: posted.map((comment) => comment.url) };
}

async function createComment(github: Octokit, target: CommentTarget, body: string): Promise<Posted> {
  const { data } = await github.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    ...target,
    body,
  });
  return { id: Number(data.id), url: data.html_url };
}

async function listComments(
  github: Octokit,
  target: CommentTarget,
  deliveryId: string,
): Promise<(Posted & { body: string })[]> {
  const comments: (Posted & { body: string })[] = [];
  const since = earliest(deliveryId);
  for (let page = 1; ; page++) {
    const { data } = await github.request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      ...target,
      ...(since && { since }),
      per_page: PAGE,
      page,
    });
    for (const { id, html_url, body } of data)
      comments.push({ id: Number(id), url: html_url, body: body ?? "" });
    if (data.length < PAGE) return comments;
  }
}

const CLOCK_SKEW_MS = 60 * 60 * 1000;

// A delivery's id is a UUIDv7, whose first 48 bits are the milliseconds at which it was made: no comment of this
// delivery is older. Of any other id nothing is known, and all comments are read.
function earliest(deliveryId: string): string | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/i.test(deliveryId)) return undefined;
  const made = Number.parseInt(deliveryId.slice(0, 8) + deliveryId.slice(9, 13), 16);
  return new Date(made - CLOCK_SKEW_MS).toISOString();
}
