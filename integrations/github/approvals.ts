// Calls of tools that wait for a person, asked and answered in the comments of an issue. People are only asked here if the policy
// names somebody of GitHub, since whoever can read the issue can read the arguments.

import {
  type AskApprovalInput,
  type AskedApproval,
  approvals,
  type DispatchContext,
  server,
  store,
} from "heddle/sdk";
import { connectGitHub, readFailure } from "./client.ts";
import { type CommentTarget, postComments, updateComment } from "./comments.ts";
import { type Payload, record } from "./events/payload.ts";
import { deliveryMarker } from "./markers.ts";

/** Where an approval was asked, and who of GitHub may answer. */
interface Asked {
  owner: string;
  repo: string;
  issue_number: number;
  /** Logins, or numeric ids as "id:583231", as the policy writes them. */
  people: string[];
}

const PREFIX = "github:";
/** Beyond this nobody could read what they decide on. */
const LONGEST_ARGUMENTS = 10_000;
const LONGEST_NOTE = 500;
const keyOf = (id: string) => `approval:${id.toLowerCase()}`;

export async function askOnIssue(
  { approval, botId, receipt }: Pick<AskApprovalInput, "approval" | "botId" | "receipt">,
  target: CommentTarget,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  const github = connectGitHub(ctx.signal);
  if (approval.status === "pending") {
    const people = approval.approvers
      .filter((one) => one.startsWith(PREFIX))
      .map((one) => one.slice(PREFIX.length));
    if (people.length === 0) return { receipt: { skipped: "the policy names nobody of GitHub" } };
    const text = shownArguments(approval);
    if (text === undefined) return { receipt: { skipped: "the arguments are too long for a comment" } };
    const seconds = Math.ceil((Date.parse(approval.expires_at) - Date.now()) / 1000);
    // Before it is asked, since somebody may answer at once.
    const asked: Asked = { ...target, people };
    await store.set(keyOf(approval.id), asked, { ttlSeconds: Math.max(60, seconds) });
    return { receipt: await postComments(github, target, question(approval, botId, people, text), ctx) };
  }
  await store.delete(keyOf(approval.id));
  const { comment_ids: [id] = [] } = (receipt ?? {}) as { comment_ids?: number[] };
  if (id === undefined) return { receipt: { skipped: "nobody was asked here" } };
  const body = `${deliveryMarker(ctx.delivery_id, 1)}\n${outcome(approval, botId)}`;
  try {
    return { receipt: await updateComment(github, target, id, body) };
  } catch (error) {
    // Somebody has deleted the question.
    if ([404, 410].includes(readFailure(error)?.status ?? 0))
      return { receipt: { skipped: "the comment is gone" } };
    throw error;
  }
}

function question(
  { id, tool, policy, reason, expires_at }: AskedApproval,
  botId: string,
  people: string[],
  text: string,
) {
  const until = expires_at.slice(0, 16).replace("T", " ");
  const link = server.baseUrl ? ` or [in Heddle](${server.baseUrl}/approvals/${id})` : "";
  return [
    `**${botId} wants to call \`${tool}\`.** May it?`,
    text,
    [`Policy: ${policy}.`, reason ?? ""].join(" ").trim(),
    `${people.map(mention).join(", ")}: answer until ${until} UTC${link} with a comment that is one of these lines:`,
    `    /approve ${id}\n    /deny ${id}`,
  ].join("\n\n");
}

function outcome({ tool, status, decided_by, decided_at }: AskedApproval, botId: string): string {
  const asked = `**${botId} wanted to call \`${tool}\`.**`;
  if (status === "expired") return `${asked}\n\nNobody decided in time.`;
  if (status === "cancelled") return `${asked}\n\nThe run has ended, so that nobody needs to decide.`;
  const when = decided_at ? `, ${decided_at.slice(0, 16).replace("T", " ")} UTC` : "";
  return `${asked}\n\n${status === "approved" ? "✅ Approved" : "❌ Denied"} by ${decided_by ?? "somebody"}${when}.`;
}

const mention = (person: string): string =>
  /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/.test(person) ? `@${person}` : `user ${person.replace(/[^\w:-]/g, "")}`;

/** Characters that change how others look. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff]/g;

/** As JSON, in which no text can look like another field, in a fence that no text can close. */
function shownArguments({ arguments: args }: AskedApproval): string | undefined {
  const text = JSON.stringify(args, null, 2).replace(
    HIDDEN,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (text.length > LONGEST_ARGUMENTS) return undefined;
  let longest = 2;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}json\n${text}\n${fence}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What became of a comment that decides on a call; undefined for any other. */
export async function decideByComment(payload: Payload, owner: string, repo: string) {
  const comment = record(payload.comment);
  const [command, id = "", ...words] = String(comment.body ?? "")
    .trim()
    .split(/\s+/);
  if (payload.action !== "created" || (command !== "/approve" && command !== "/deny") || !UUID.test(id)) {
    return undefined;
  }
  const ignored = (reason: string) => ({ status: "ignored", event: "issue_comment", reason });
  const asked = await store.get<Asked>(keyOf(id));
  const isThere = same(asked?.owner, owner) && same(asked?.repo, repo);
  if (!asked || !isThere || asked.issue_number !== record(payload.issue).number)
    return ignored("not_asked_here");
  const author = authorOf(payload);
  const person = author && asked.people.find((one) => same(one, author.login) || one === `id:${author.id}`);
  if (!author || person === undefined) return ignored("not_an_approver");
  const note = words.join(" ").slice(0, LONGEST_NOTE);
  try {
    const { status } = await approvals.decide(id.toLowerCase(), {
      approved: command === "/approve",
      by: { id: person, name: author.login },
      ...(note !== "" && { note }),
    });
    return { status: "processed", event: "issue_comment", decision: status };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    // Somebody was faster, it is too late, or the policy names others.
    if (code === "conflict" || code === "forbidden" || code === "not_found") return ignored(code);
    throw error;
  }
}

/** The person who has written the comment and sent it; nobody if that was a program, or somebody else's text. */
function authorOf({ sender, comment }: Payload): { login: string; id: string } | undefined {
  const { user, performed_via_github_app: app } = record(comment);
  const { login, id, type } = record(user);
  const by = record(sender);
  const isPerson = type === "User" && by.type === "User" && (app === null || app === undefined);
  if (!isPerson || typeof login !== "string" || login === "" || !Number.isSafeInteger(id)) return undefined;
  return by.login === login && by.id === id ? { login, id: String(id) } : undefined;
}

const same = (one: unknown, other: unknown): boolean =>
  typeof one === "string" && typeof other === "string" && one.toLowerCase() === other.toLowerCase();
