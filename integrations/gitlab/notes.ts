import { failDelivery, Permanent } from "heddle/sdk";
import { idOf } from "../_forge/answered.ts";
import { type Delivery, type MarkedPart, postParts } from "../_forge/post-parts.ts";
import { gitlab, type Noteable, pageOf, pathOf } from "./client.ts";

export interface NoteTarget extends Noteable {
  /** The thread that is answered. */
  discussion?: string;
}

export interface NoteReceipt {
  note_ids: number[];
  urls: string[];
}

/** GitLab's own limit is 1,000,000; nobody reads that much. */
const NOTE_LIMIT = 200_000;
const PAGE = 100;
const MOST_PAGES = 50;

/** Posts a text as one comment, or as several if it is too long for one. */
export async function postNotes(
  target: NoteTarget,
  text: string,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<NoteReceipt> {
  const ids = await postParts(text, delivery, {
    limit: NOTE_LIMIT,
    find: (parts) => findNotes(target, parts, signal),
    create: (body) => createNote(target, body, signal),
  });
  return { note_ids: ids, urls: ids.map((id) => pageOf(target, id)) };
}

async function createNote(target: NoteTarget, body: string, signal: AbortSignal): Promise<number> {
  const wanted = "the comment that it made";
  if (target.discussion !== undefined) {
    const reply = `${pathOf(target)}/discussions/${target.discussion}/notes`;
    const answer = await gitlab.post(reply, { body }, { signal });
    if (answer.ok) return idOf(await answer.json(), wanted);
    await answer.body?.cancel();
    // The thread was deleted meanwhile, or nobody can reply in it; the answer is still wanted.
    if (answer.status !== 404 && answer.status !== 400) failDelivery(answer);
  }
  const answer = gitlab.post(`${pathOf(target)}/notes`, { body }, { signal });
  if ((await answer).status === 404) throw new Permanent(nowhere(target));
  return idOf(await answer.json(), wanted);
}

/** GitLab says the same of what there is not and of what a token may not see. */
const nowhere = ({ project, kind, iid }: Noteable): string =>
  `GitLab has no ${kind === "issue" ? "issue" : "merge request"} ${iid} in ${project}, or GITLAB_TOKEN may not see it.`;

export async function changeNote(
  target: Noteable,
  id: number,
  body: string,
  signal: AbortSignal,
): Promise<NoteReceipt | undefined> {
  const answer = await gitlab.put(`${pathOf(target)}/notes/${id}`, { body }, { signal });
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  if (!answer.ok) failDelivery(answer);
  const changed = idOf(await answer.json(), "the changed comment");
  return { note_ids: [changed], urls: [pageOf(target, changed)] };
}

/** Finds comments that begin with these markers, newest first. */
async function findNotes(
  target: Noteable,
  parts: readonly MarkedPart[],
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let page = 1; found.size < parts.length; page++) {
    if (page > MOST_PAGES) throw new Permanent(`GitLab lists more than ${MOST_PAGES * PAGE} comments.`);
    const query = { sort: "desc", order_by: "created_at", per_page: PAGE, page };
    const notes = await gitlab.get(`${pathOf(target)}/notes`, { signal, query }).json<Listed[]>();
    for (const { id, body } of notes) {
      const marker = parts.find((part) => body?.startsWith(part.marker))?.marker;
      if (marker !== undefined) found.set(marker, id);
    }
    if (notes.length < PAGE) break;
  }
  return found;
}

interface Listed {
  id: number;
  body?: string;
}
