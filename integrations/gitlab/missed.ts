// Catches up after an outage: asks GitLab what was opened and commented on meanwhile. A server that fails to receive webhooks is sent none for
// a while, so that asking for deliveries again would not be enough. What was received before is recognised, so that none runs twice.

import { log, poll } from "heddle/sdk";
import { createKnownPlaces } from "../_forge/known.ts";
import { type Payload, record } from "../_forge/payload.ts";
import { gitlab, type Noteable, pathOf, projectPath, whoAmI } from "./client.ts";
import { settings } from "./config.ts";
import { isOwn, projectOf, take, taken } from "./take.ts";

const EVERY_SECONDS = 300;
/** Nobody waits for an answer to older questions. */
const LONGEST_MS = 3 * 86_400_000;
/** The clocks of two machines differ, and GitLab shows an event a little later than it happens. */
const MARGIN_MS = 120_000;
const DAY_MS = 86_400_000;
const PAGE = 100;
const MOST_PAGES = 10;

const projects = createKnownPlaces("project:");

const ASKED_FOR = ["issue", "merge_request", "note"];

/** Remembers where a verified webhook comes from, for the question what was missed. */
export async function rememberProject(payload: Payload): Promise<void> {
  const kind = String(payload.object_kind);
  if (ASKED_FOR.includes(kind)) await projects.remember(projectOf(payload), kind);
}

poll({
  name: "missed-activity",
  everySeconds: EVERY_SECONDS,
  when: () => settings.GITLAB_TOKEN !== "",
  async run({ signal, since }) {
    // A connection that nobody has tried would be shown as a good one.
    await whoAmI({ signal });
    if (since === null || !settings.GITLAB_CATCH_UP) return;
    const from = new Date(Math.max(since.getTime() - MARGIN_MS, Date.now() - LONGEST_MS));
    for (const { place, events } of await projects.all()) {
      signal.throwIfAborted();
      for (const event of await eventsSince(place, from, signal)) {
        const noteable = noteableOf(place, event);
        if (noteable && events.includes(event.note ? "note" : noteable.kind)) {
          await takeMissed(noteable, event, signal);
        }
      }
    }
  },
});

/** An entry of a project's activity: https://docs.gitlab.com/api/events/ */
interface Activity {
  action_name: string;
  target_type: string | null;
  target_id: number | null;
  target_iid: number | null;
  created_at: string;
  author: { id: number; username: string };
  note?: Payload & { id: number; noteable_type: string; noteable_iid: number; author?: object };
}

/** Oldest first. The API knows days, which are those of the server's time zone, and excludes the one that it is given. */
async function eventsSince(project: string, from: Date, signal: AbortSignal): Promise<Activity[]> {
  const after = new Date(from.getTime() - 2 * DAY_MS).toISOString().slice(0, 10);
  const found: Activity[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const query = { after, sort: "desc", per_page: PAGE, page };
    const answer = await gitlab.get(`${projectPath(project)}/events`, { signal, query });
    if (answer.status === 403 || answer.status === 404) {
      await answer.body?.cancel();
      log.debug("The token may not see what happened in a project", { project });
      return [];
    }
    if (!answer.ok) throw new Error(`GitLab answered ${answer.status}.`);
    const rows = (await answer.json()) as Activity[];
    const late = rows.filter(({ created_at }) => Date.parse(created_at) >= from.getTime());
    found.push(...late);
    if (late.length < rows.length || rows.length < PAGE) break;
  }
  return found.reverse();
}

async function takeMissed(noteable: Noteable, event: Activity, signal: AbortSignal): Promise<void> {
  const isOwnNote = isOwn({ user: event.author, object_attributes: { note: event.note?.body } });
  if (isOwnNote || taken.has(keyOf(event, noteable))) return;
  const answer = await gitlab.get(pathOf(noteable), { signal });
  if (!answer.ok) {
    await answer.body?.cancel();
    // Deleted meanwhile, or moved to another project.
    if (answer.status === 404) return;
    throw new Error(`GitLab answered ${answer.status}.`);
  }
  const target = (await answer.json()) as Payload;
  await take(
    event.note ? await noteHook(noteable, event, target, signal) : openHook(noteable, event, target),
  );
}

function noteableOf(project: string, { action_name, target_type, target_iid, note }: Activity) {
  const type = note ? note.noteable_type : target_type;
  const iid = note ? note.noteable_iid : target_iid;
  const isWanted = note ? note.system !== true : action_name === "opened";
  if (!isWanted || iid === null || (type !== "Issue" && type !== "MergeRequest")) return undefined;
  return { project, kind: type === "Issue" ? "issue" : "merge_request", iid } satisfies Noteable as Noteable;
}

const keyOf = ({ note, target_id }: Activity, { kind }: Noteable): string =>
  note ? `note:${note.id}` : `${kind}:${target_id}:open`;

/** What the webhook of an issue or merge request that was opened would have said. */
function openHook({ project, kind }: Noteable, { author }: Activity, target: Payload): Payload {
  return {
    object_kind: kind,
    user: author,
    project: { path_with_namespace: project },
    labels: ((target.labels as unknown[] | undefined) ?? []).map((title) => ({ title })),
    object_attributes: { ...target, action: "open" },
  };
}

/** What the webhook of a comment would have said. The activity does not name its thread, so the threads are asked for. */
async function noteHook(
  noteable: Noteable,
  { note, author }: Activity,
  target: Payload,
  signal: AbortSignal,
): Promise<Payload> {
  const { discussion_id, position } = await threadOf(noteable, note?.id, signal);
  // Maintainers can change what others have written, and it is read as it is now: then it is nobody's own word, with which they decide.
  const author_id = note?.updated_at === note?.created_at ? author.id : undefined;
  return {
    object_kind: "note",
    user: author,
    project: { path_with_namespace: noteable.project },
    [noteable.kind]: target,
    object_attributes: {
      ...note,
      ...{ note: note?.body, author_id, action: "create", discussion_id, position },
    },
  };
}

async function threadOf(noteable: Noteable, note: number | undefined, signal: AbortSignal) {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const query = { per_page: PAGE, page };
    const threads = await gitlab
      .get(`${pathOf(noteable)}/discussions`, { signal, query })
      .json<{ id: string; notes: Payload[] }[]>();
    for (const { id, notes } of threads) {
      const found = notes.find((one) => one.id === note);
      if (found) return { discussion_id: id, position: record(found.position) };
    }
    if (threads.length < PAGE) break;
  }
  return {};
}
