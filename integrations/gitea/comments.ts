import { failDelivery, Permanent } from "heddle/sdk";
import { idOf } from "../_forge/answered.ts";
import { type Delivery, type MarkedPart, postParts } from "../_forge/post-parts.ts";
import { gitea, type IssueTarget, issuePath, repositoryPath } from "./client.ts";

export interface CommentReceipt {
  comment_ids: number[];
  urls: string[];
}

interface Comment {
  id: number;
  html_url?: string;
  body?: string;
}

/** The server has no limit of its own; the columns of its databases hold 64 kB at least. */
const COMMENT_LIMIT = 60_000;
const PAGE = 50;
const MOST_PAGES = 100;

/** Posts a text as one comment, or as several if it is too long for one. */
export async function postComments(
  target: IssueTarget,
  text: string,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<CommentReceipt> {
  const posted = await postParts(text, delivery, {
    limit: COMMENT_LIMIT,
    find: (parts) => findComments(target, parts, signal),
    async create(body) {
      const answer = gitea.post(`${issuePath(target)}/comments`, { body }, { signal });
      if ((await answer).status === 404) throw new Permanent(nowhere(target));
      const made = await answer.json<Comment>();
      idOf(made, "the comment that it made");
      return made;
    },
  });
  return receiptOf(posted);
}

/** The server says the same of what there is not and of what a token may not see. */
const nowhere = ({ owner, repo, number }: IssueTarget): string =>
  `The server has no issue or pull request ${number} in ${owner}/${repo}, or GITEA_TOKEN may not see it.`;

export async function changeComment(
  target: IssueTarget,
  id: number,
  body: string,
  signal: AbortSignal,
): Promise<CommentReceipt | undefined> {
  const answer = await gitea.patch(`${repositoryPath(target)}/issues/comments/${id}`, { body }, { signal });
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  if (!answer.ok) failDelivery(answer);
  const changed = (await answer.json()) as Comment;
  idOf(changed, "the changed comment");
  return receiptOf([changed]);
}

const receiptOf = (comments: Comment[]): CommentReceipt => ({
  comment_ids: comments.map(({ id }) => id),
  urls: comments.map(({ html_url }) => html_url ?? "").filter((url) => url !== ""),
});

/** Finds comments that begin with these markers. An issue's comments come whole or in pages, depending on the server, oldest first. */
async function findComments(
  target: IssueTarget,
  parts: readonly MarkedPart[],
  signal: AbortSignal,
): Promise<Map<string, Comment>> {
  const found = new Map<string, Comment>();
  const seen = new Set<number>();
  for (let page = 1; found.size < parts.length; page++) {
    if (page > MOST_PAGES) throw new Permanent(`The server lists more than ${MOST_PAGES * PAGE} comments.`);
    const query = { limit: PAGE, page };
    const comments = await gitea.get(`${issuePath(target)}/comments`, { signal, query }).json<Comment[]>();
    const fresh = comments.filter(({ id }) => !seen.has(id));
    for (const comment of fresh) {
      seen.add(comment.id);
      const marker = parts.find((part) => comment.body?.startsWith(part.marker))?.marker;
      if (marker !== undefined) found.set(marker, comment);
    }
    // Gitea has no pages here and returns everything each time.
    if (fresh.length === 0) break;
  }
  return found;
}
