import type { Octokit } from "@octokit/core";
import { type Delivery, type MarkedPart, postParts } from "../_forge/post-parts.ts";
import { type Answer, listOf, type Made, madeOf, readMade } from "./answer.ts";
import { readFailure } from "./client.ts";

/** An issue or a pull request, which are the same for comments. */
export interface CommentTarget {
  owner: string;
  repo: string;
  issue_number: number;
  /** The first comment of a conversation beside the code of the pull request, which is answered there. */
  comment_id?: number;
}

interface CommentReceipt {
  comment_ids: number[];
  urls: string[];
}

const COMMENT_LIMIT = 65_536;
const PAGE = 100;
/** GitHub allows 2,500 comments on an issue. */
const MOST_PAGES = 100;

/** Posts a text as one comment, or as several if it is too long for one. */
export async function postComments(
  github: Octokit,
  target: CommentTarget,
  text: string,
  delivery: Delivery,
): Promise<CommentReceipt> {
  const posted = await postParts(text, delivery, {
    limit: COMMENT_LIMIT,
    find: (parts) => findComments(github, target, parts),
    create: (body) => createComment(github, target, body),
  });
  return { comment_ids: posted.map((comment) => comment.id), urls: posted.map((comment) => comment.url) };
}

const ROUTE = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
const BESIDE_CODE = "/repos/{owner}/{repo}/pulls/{pull_number}/comments";

async function createComment(
  github: Octokit,
  { comment_id, ...target }: CommentTarget,
  body: string,
): Promise<Made> {
  const wanted = "the comment that it made";
  if (comment_id !== undefined) {
    const reply = { ...target, pull_number: target.issue_number, comment_id, body };
    try {
      return madeOf(await github.request(`POST ${BESIDE_CODE}/{comment_id}/replies`, reply), "id", wanted);
    } catch (error) {
      // Its first comment was deleted meanwhile; the answer is still wanted.
      if (readFailure(error)?.status !== 404) throw error;
    }
  }
  return madeOf(await github.request(`POST ${ROUTE}`, { ...target, body }), "id", wanted);
}

export async function updateComment(
  github: Octokit,
  { owner, repo }: CommentTarget,
  comment_id: number,
  body: string,
): Promise<CommentReceipt> {
  const route = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}";
  const made = madeOf(
    await github.request(route, { owner, repo, comment_id, body }),
    "id",
    "the changed comment",
  );
  return { comment_ids: [made.id], urls: [made.url] };
}

/**
 * Finds the comments that begin with these markers, by marker. It searches from the newest page back to the first, and not
 * by time, because the delivery's time is from this machine's clock, which may have been hours ahead of GitHub's.
 */
export async function findComments(
  github: Octokit,
  target: CommentTarget,
  parts: readonly MarkedPart[],
): Promise<Map<string, Made>> {
  const found = new Map<string, Made>();
  const { comment_id, ...issue } = target;
  if (comment_id !== undefined) {
    // Newest first, so that the page with what was just posted is the first one.
    const query = {
      ...issue,
      pull_number: issue.issue_number,
      sort: "created",
      direction: "desc",
      per_page: PAGE,
    } as const;
    takeFrom(listOf(await github.request(`GET ${BESIDE_CODE}`, query), "a list of comments"), parts, found);
    if (found.size === parts.length) return found;
  }
  const take = (comments: readonly { body?: string | undefined }[]) => takeFrom(comments, parts, found);
  const read = async (page: number) => {
    const answer = await github.request(`GET ${ROUTE}`, { ...issue, per_page: PAGE, page });
    const comments = listOf(answer, "a list of comments");
    take(comments);
    return { count: comments.length, last: lastPage(answer) };
  };
  const first = await read(1);
  if (first.last !== undefined) {
    for (let page = first.last; page > 1 && found.size < parts.length; page--) await read(page);
    return found;
  }
  // A proxy may remove the links; then only a page that is not full shows that it is the last.
  for (let page = 2, { count } = first; count >= PAGE && found.size < parts.length; page++) {
    if (page > MOST_PAGES) throw new Error(`GitHub lists more than ${MOST_PAGES * PAGE} comments.`);
    ({ count } = await read(page));
  }
  return found;
}

function takeFrom(
  comments: readonly { body?: string | undefined }[],
  parts: readonly MarkedPart[],
  found: Map<string, Made>,
): void {
  for (const comment of comments) {
    const marker = parts.find((part) => comment.body?.startsWith(part.marker))?.marker;
    const made = readMade(comment, "id");
    if (marker !== undefined && made) found.set(marker, made);
  }
}

/** Reads the Link header: `<https://…?page=9>; rel="last"`. */
function lastPage({ headers }: Answer<unknown>): number | undefined {
  const links = String(headers.link ?? "").split(",");
  const last = links.find((link) => link.includes('rel="last"'));
  const page = Number(/[?&]page=(\d{1,6})/.exec(last ?? "")?.[1]);
  return page > 0 ? Math.min(page, MOST_PAGES) : undefined;
}
