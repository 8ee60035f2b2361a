import { createTaken } from "../_forge/known.ts";
import { isMarked } from "../_forge/markers.ts";
import { line, type Payload, record } from "../_forge/payload.ts";
import { preamble } from "../_forge/preamble.ts";
import { takeEvent } from "../_forge/take-event.ts";
import { decideByComment } from "./approvals.ts";
import { settings } from "./config.ts";
import { describeEvent } from "./events/describe.ts";
import type { EventRun } from "./events/event.ts";

export const taken = createTaken();

export interface Repository {
  owner: string;
  repo: string;
}

/** Returns the repository of an event; null for events of organisations and the like. */
export function repositoryOf(payload: Payload): Repository | null {
  const [owner, repo, ...rest] = line(record(payload.repository).full_name).split("/");
  return owner && repo && rest.length === 0 ? { owner, repo } : null;
}

/** Stores an event, however it was learned of; returns what the webhook is answered. */
export async function take(event: string, payload: Payload) {
  const ignored = (reason: string) => ({ status: "ignored", event, reason });
  if (isOwn(payload)) return ignored("bot_self");
  const described = describeEvent(event, payload);
  const repository = repositoryOf(payload);
  if (!described || !repository) return ignored("unhandled");
  const { key, ...message } = described;
  const { run } = message;
  if (event === "issue_comment" && run) {
    const decided = await decideByComment(payload, { ...repository, number: run.number });
    if (decided) return decided;
  }
  const { owner, repo } = repository;
  const answer = await takeEvent({
    clientId: `gitea:${owner}/${repo}`,
    event,
    botId: settings.GITEA_BOT_ID,
    source: "gitea",
    message,
    fromBot: false,
    // The server's own ids are those of a delivery; the same event can also be found by asking.
    idempotencyKey: key,
    ...(run && {
      metadata: { gitea: { owner, repo, number: run.number, ...(run.comment && { comment: run.comment }) } },
      dispatchConfig: { type: "gitea", owner, repo, number: run.number },
      executionConfig: executionConfig(run, repository),
    }),
  });
  taken.add(key);
  return answer;
}

function executionConfig({ assignment, number, tools }: EventRun, { owner, repo }: Repository) {
  const system_preamble = preamble({
    assignment,
    forge: "Gitea",
    place: `repository ${owner}/${repo} (owner "${owner}", repo "${repo}"), number ${number}`,
    markdown: "Markdown",
    scope: `${owner}/${repo}`,
  });
  return { system_preamble, skills: ["integrations/gitea/gitea"], tools };
}

// What the bot itself did must not start a run. The marker also recognises what was posted while GITEA_BOT_LOGIN is not set.
export function isOwn(payload: Payload): boolean {
  const sender = String(record(payload.sender).login ?? "").toLowerCase();
  const own = settings.GITEA_BOT_LOGIN.trim().toLowerCase();
  return (own !== "" && sender === own) || isMarked(record(payload.comment ?? payload.issue).body);
}
