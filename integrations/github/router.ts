import { Elysia, type GitHubEvent, verifyGitHub } from "heddle/sdk";
import { isMarked } from "../_forge/markers.ts";
import { type Payload, record } from "../_forge/payload.ts";
import { takeEvent } from "../_forge/take-event.ts";
import { decideByComment } from "./approvals.ts";
import { settings } from "./config.ts";
import { describeEvent } from "./events/describe.ts";
import type { EventMessage, EventRun } from "./events/event.ts";
import { executionConfig } from "./events/execution-config.ts";
import { type Repository, repositoryOf } from "./events/repository.ts";
import { rememberHook } from "./missed.ts";
import { reactionTarget } from "./reactions.ts";

// `parse: "none"`, because the signature covers the bytes of the body, so nothing may read them first.
export const router = new Elysia().post(
  "/webhook",
  async ({ request, status }) => {
    const event = await verifyGitHub(request, [
      settings.GITHUB_WEBHOOK_SECRET,
      settings.GITHUB_OLD_WEBHOOK_SECRET,
    ]);
    await rememberHook(request.headers, event.payload);
    // GitHub always sends it. Without it, an event that is sent twice would look like two.
    if (!request.headers.get("x-github-delivery")) {
      return status(400, {
        error: { code: "bad_request", message: "The header X-GitHub-Delivery is missing." },
      });
    }
    return receive(event);
  },
  { parse: "none" },
);

async function receive({ event, deliveryId, payload }: GitHubEvent) {
  if (event === "ping") return { status: "pong" };
  if (isOwn(payload)) return { status: "ignored", event, reason: "bot_self" };
  const repository = repositoryOf(payload);
  if (event === "issue_comment" && repository) {
    const decided = await decideByComment(payload, repository.owner, repository.repo);
    if (decided) return decided;
  }
  const message = repository && describeEvent(event, payload);
  if (!repository || !message) return { status: "ignored", event, reason: "unhandled" };
  return take(event, { ...message, fromBot: isFromBot(payload) }, repository, { deliveryId, payload });
}

const targetOf = ({ issueNumber, commentId }: EventRun) =>
  commentId === undefined
    ? { type: "issue_comment", issue_number: issueNumber }
    : { type: "review_comment", issue_number: issueNumber, comment_id: commentId };

async function take(
  event: string,
  message: EventMessage & { fromBot: boolean },
  repository: Repository,
  { deliveryId, payload }: Pick<GitHubEvent, "deliveryId" | "payload">,
) {
  const { owner, repo } = repository;
  const { run, fromBot } = message;
  const reaction = run && reactionTarget(event, payload, run);
  return takeEvent({
    clientId: `github:${owner}/${repo}`,
    event,
    botId: settings.GITHUB_BOT_ID,
    source: "github",
    message,
    fromBot,
    idempotencyKey: deliveryId,
    metadata: { ...(reaction && { github: { owner, repo, ...reaction } }) },
    ...(run && {
      dispatchConfig: { type: "github", owner, repo, comment_target: targetOf(run) },
      executionConfig: executionConfig(run, repository),
    }),
  });
}

// What the bot itself did must not start a run. GitHub Apps act under "login[bot]". The marker also recognises what was
// posted while GITHUB_BOT_LOGIN is not set.
function isOwn(payload: Payload): boolean {
  const sender = String(record(payload.sender).login ?? "").toLowerCase();
  const own = settings.GITHUB_BOT_LOGIN.trim().toLowerCase();
  if (own !== "" && (sender === own || sender === `${own}[bot]`)) return true;
  const subject = payload.comment ?? payload.issue;
  return payload.action === "opened" || payload.action === "created" ? isMarked(record(subject).body) : false;
}

// Two bots that answer each other would never stop. GitHub gives the type of each account: of the sender, who acts, and of
// the author of new text.
function isFromBot(payload: Payload): boolean {
  const subject = record(payload.comment ?? payload.review ?? payload.pull_request ?? payload.issue);
  const actors = payload.action === "opened" || payload.comment || payload.review ? [subject.user] : [];
  return [payload.sender, ...actors].some((actor) => {
    const { type, login } = record(actor);
    return type === "Bot" || String(login ?? "").endsWith("[bot]");
  });
}
