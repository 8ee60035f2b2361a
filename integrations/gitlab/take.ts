import { createTaken } from "../_forge/known.ts";
import { isMarked } from "../_forge/markers.ts";
import { line, type Payload, record } from "../_forge/payload.ts";
import { preamble } from "../_forge/preamble.ts";
import { takeEvent } from "../_forge/take-event.ts";
import { decideByComment } from "./approvals.ts";
import { settings } from "./config.ts";
import { describeEvent, isConfidential } from "./events/describe.ts";
import type { EventRun } from "./events/event.ts";

export const taken = createTaken();

/** The path of the project that an event is about; empty for events of groups and the server. */
export const projectOf = (payload: Payload): string => line(record(payload.project).path_with_namespace);

/** Stores an event, however it was learned of; returns what the webhook is answered. */
export async function take(payload: Payload) {
  const event = line(payload.object_kind);
  const ignored = (reason: string) => ({ status: "ignored", event, reason });
  if (isOwn(payload)) return ignored("bot_self");
  if (isConfidential(payload)) return ignored("confidential");
  const described = describeEvent(payload);
  const project = projectOf(payload);
  if (!described || project === "") return ignored("unhandled");
  const { key, ...message } = described;
  const { run } = message;
  if (event === "note" && run) {
    const decided = await decideByComment(payload, project, run);
    if (decided) return decided;
  }
  const answer = await takeEvent({
    clientId: `gitlab:${project}`,
    event,
    botId: settings.GITLAB_BOT_ID,
    source: "gitlab",
    message,
    fromBot: isFromBot(payload),
    // GitLab's own ids are those of a delivery; the same event can also be found by asking.
    idempotencyKey: key,
    ...(run && {
      metadata: { gitlab: { project, kind: run.kind, iid: run.iid, ...(run.note && { note: run.note }) } },
      dispatchConfig: {
        ...{ type: "gitlab", project, kind: run.kind, iid: run.iid },
        ...(run.discussion && { discussion: run.discussion }),
      },
      executionConfig: executionConfig(run, project),
    }),
  });
  taken.add(key);
  return answer;
}

function executionConfig({ assignment, kind, iid, tools }: EventRun, project: string) {
  const what = kind === "issue" ? "issue" : "merge request";
  const system_preamble = preamble({
    assignment,
    forge: "GitLab",
    place: `project ${project}, ${what} ${iid}`,
    markdown: "GitLab-flavoured Markdown",
    scope: project,
  });
  return { system_preamble, skills: ["integrations/gitlab/gitlab"], tools };
}

// What the bot itself did must not start a run. The marker also recognises what was posted while GITLAB_BOT_USERNAME is not set.
export function isOwn(payload: Payload): boolean {
  const sender = String(record(payload.user).username ?? payload.user_username ?? "").toLowerCase();
  const own = settings.GITLAB_BOT_USERNAME.trim().toLowerCase();
  const { note, description } = record(payload.object_attributes);
  return (own !== "" && sender === own) || isMarked(note ?? description);
}

/** The accounts of access tokens of projects and groups, and of service accounts. */
const BOT = /^(?:(?:project|group)_\d{1,20}_bot|service_account_)/;

// Two bots that answer each other would never stop.
function isFromBot(payload: Payload): boolean {
  const sender = record(payload.user).username ?? payload.user_username;
  return typeof sender === "string" && BOT.test(sender);
}
