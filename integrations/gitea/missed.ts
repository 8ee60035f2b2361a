// Catches up after an outage: asks what was opened and commented on meanwhile, since neither Gitea nor Forgejo delivers a webhook again. What
// was received before is recognised, so that none runs twice.

import { log, poll } from "heddle/sdk";
import { createKnownPlaces } from "../_forge/known.ts";
import { type Payload, record } from "../_forge/payload.ts";
import { gitea, repositoryPath, whoAmI } from "./client.ts";
import { settings } from "./config.ts";
import { isOwn, type Repository, repositoryOf, take, taken } from "./take.ts";

const EVERY_SECONDS = 300;
/** Nobody waits for an answer to older questions. */
const LONGEST_MS = 3 * 86_400_000;
/** The clocks of two machines differ. */
const MARGIN_MS = 120_000;
const PAGE = 50;
const MOST_PAGES = 20;

const repositories = createKnownPlaces("repository:");

/** Comments last, so that a bot knows what is commented on. */
const ASKED_FOR = ["issues", "pull_request", "issue_comment"] as const;

/** Remembers where a verified webhook comes from, for the question what was missed. */
export async function rememberRepository(event: string, payload: Payload): Promise<void> {
  const repository = repositoryOf(payload);
  if (!repository || !ASKED_FOR.some((one) => one === event)) return;
  await repositories.remember(`${repository.owner}/${repository.repo}`, event);
}

poll({
  name: "missed-events",
  everySeconds: EVERY_SECONDS,
  when: () => settings.GITEA_TOKEN !== "",
  async run({ signal, since }) {
    // A connection that nobody has tried would be shown as a good one.
    await whoAmI({ signal });
    if (since === null || !settings.GITEA_CATCH_UP) return;
    const from = new Date(Math.max(since.getTime() - MARGIN_MS, Date.now() - LONGEST_MS));
    for (const { place, events } of await repositories.all()) {
      const repository = repositoryOf({ repository: { full_name: place } });
      for (const event of ASKED_FOR) {
        signal.throwIfAborted();
        if (repository && events.includes(event)) await CATCH_UP[event](repository, from, signal);
      }
    }
  },
});

type CatchUp = (repository: Repository, from: Date, signal: AbortSignal) => Promise<void>;

const CATCH_UP: Record<(typeof ASKED_FOR)[number], CatchUp> = {
  issues: catchUpOnIssues,
  pull_request: catchUpOnPulls,
  issue_comment: catchUpOnComments,
};

const about = ({ owner, repo }: Repository) => ({ repository: { full_name: `${owner}/${repo}` } });

async function catchUpOnIssues(repository: Repository, from: Date, signal: AbortSignal): Promise<void> {
  for (const issue of await listed(repository, "issues", { state: "all", type: "issues" }, from, signal)) {
    if (!isNew(issue, from) || taken.has(`issue:${issue.id}:opened`)) continue;
    await take("issues", { ...about(repository), action: "opened", issue, sender: issue.user });
  }
}

async function catchUpOnPulls(repository: Repository, from: Date, signal: AbortSignal): Promise<void> {
  for (const issue of await listed(repository, "issues", { state: "all", type: "pulls" }, from, signal)) {
    if (!isNew(issue, from)) continue;
    const pull = await ask<Payload>(`${repositoryPath(repository)}/pulls/${issue.number}`, {}, signal);
    if (!pull || taken.has(`pull:${pull.id}:opened`)) continue;
    const opened = { ...about(repository), action: "opened", pull_request: pull, sender: pull.user };
    await take("pull_request", opened);
  }
}

async function catchUpOnComments(repository: Repository, from: Date, signal: AbortSignal): Promise<void> {
  for (const comment of await listed(repository, "issues/comments", {}, from, signal)) {
    const sender = comment.user;
    if (!isNew(comment, from) || taken.has(`comment:${comment.id}`) || isOwn({ sender, comment })) continue;
    const number = numberOf(comment);
    const issue =
      number && (await ask<Payload>(`${repositoryPath(repository)}/issues/${number}`, {}, signal));
    if (issue)
      await take("issue_comment", { ...about(repository), action: "created", issue, comment, sender });
  }
}

/** `since` refers to the last change, so older issues that were edited are listed as well. */
const isNew = ({ created_at }: Payload, from: Date): boolean =>
  Date.parse(String(created_at)) >= from.getTime();

/** A comment names its issue only by an address: …/issues/7 or …/pulls/7. */
function numberOf({ issue_url, pull_request_url }: Payload): number | undefined {
  const url = String(issue_url || pull_request_url || "");
  const number = Number(url.slice(url.lastIndexOf("/") + 1));
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Everything that has changed since then, oldest first. */
async function listed(
  repository: Repository,
  what: string,
  query: Record<string, string>,
  from: Date,
  signal: AbortSignal,
): Promise<Payload[]> {
  const found: Payload[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const asked = { ...query, since: from.toISOString(), limit: PAGE, page };
    const rows = await ask<Payload[]>(`${repositoryPath(repository)}/${what}`, asked, signal);
    found.push(...(rows ?? []).map(record));
    // A server may be configured to return fewer than it is asked for.
    if (!rows || rows.length === 0) break;
  }
  return found.sort((a, b) => Date.parse(String(a.created_at)) - Date.parse(String(b.created_at)));
}

/** Undefined for what is gone, or what the token may not see. */
async function ask<Body>(
  path: string,
  query: Record<string, string | number>,
  signal: AbortSignal,
): Promise<Body | undefined> {
  const answer = await gitea.get(path, { signal, query });
  if (answer.ok) return (await answer.json()) as Body;
  await answer.body?.cancel();
  if (answer.status !== 403 && answer.status !== 404)
    throw new Error(`The server answered ${answer.status}.`);
  log.debug("The token may not see what happened in a repository", { path });
  return undefined;
}
