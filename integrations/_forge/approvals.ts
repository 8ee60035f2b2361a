// Calls of tools that wait for a person, asked and answered in the comments of an issue. People are only asked there if the policy
// names somebody of that service, since whoever can read the issue can read the arguments.

import { type AskApprovalInput, approvals, type DispatchContext, log, store } from "heddle/sdk";
import { shownArguments } from "../_decisions/arguments.ts";
import { outcome, question } from "./approval-text.ts";
import { deliveryMarker } from "./markers.ts";

/** The comments of a place. */
interface Comments<Receipt> {
  post(text: string): Promise<Receipt>;
  /** Changes the comment of an earlier receipt; undefined if it is gone, or there was none. */
  change(receipt: unknown, body: string): Promise<Receipt | undefined>;
}

const LONGEST_NOTE = 500;
const keyOf = (id: string) => `approval:${id.toLowerCase()}`;

/** Where an approval was asked, and who may answer: logins, or numeric ids as "id:583231", as the policy writes them. */
type Asked<Place> = Place & { people: string[] };

/** The first words of a comment that decides. */
export interface Commands {
  approve: string;
  deny: string;
}
const COMMANDS: Commands = { approve: "/approve", deny: "/deny" };

/** Asks in a comment; once it is decided, changes the comment. `source` is how the policy names people: "github". */
export async function askInComment<Place extends object, Receipt>(
  { approval, botId, receipt }: Pick<AskApprovalInput, "approval" | "botId" | "receipt">,
  {
    source,
    service,
    place,
    commands = COMMANDS,
  }: { source: string; service: string; place: Place; commands?: Commands },
  ctx: DispatchContext,
  { post, change }: Comments<Receipt>,
): Promise<{ receipt: unknown }> {
  if (approval.status === "pending") {
    const people = approval.approvers
      .filter((one) => one.startsWith(`${source}:`))
      .map((one) => one.slice(source.length + 1));
    if (people.length === 0) return { receipt: { skipped: `the policy names nobody of ${service}` } };
    const text = shownArguments(approval);
    if (text === undefined) return { receipt: { skipped: "the arguments are too long for a comment" } };
    const seconds = Math.ceil((Date.parse(approval.expires_at) - Date.now()) / 1000);
    // Before the question is posted, since somebody may answer at once.
    const asked: Asked<Place> = { ...place, people };
    await store.set(keyOf(approval.id), asked as never, { ttlSeconds: Math.max(60, seconds) });
    return { receipt: await post(question(approval, botId, people, { text, commands })) };
  }
  await store.delete(keyOf(approval.id));
  if (receipt === undefined || receipt === null || "skipped" in (receipt as object))
    return { receipt: { skipped: "nobody was asked here" } };
  const body = `${deliveryMarker(ctx.delivery_id, 1)}\n${outcome(approval, botId)}`;
  return { receipt: (await change(receipt, body)) ?? { skipped: "the comment is gone" } };
}

/** A comment that may decide: its text, its proven author, and whether an approval was asked at its place. */
interface DecidingComment<Place> {
  body: unknown;
  author: { login: string; id: string } | undefined;
  isAskedThere(asked: Place): boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What became of a comment that decides on a call; undefined for any other. */
export async function decideByComment<Place extends object>(
  event: string,
  { body, author, isAskedThere }: DecidingComment<Place>,
  { approve, deny }: Commands = COMMANDS,
) {
  const [command, id = "", ...words] = String(body ?? "")
    .trim()
    .split(/\s+/);
  if ((command !== approve && command !== deny) || !UUID.test(id)) return undefined;
  const ignored = (reason: string) => ({ status: "ignored", event, reason });
  const asked = await store.get<Asked<Place>>(keyOf(id));
  if (!asked || !isAskedThere(asked)) return ignored("not_asked_here");
  const person = author && asked.people.find((one) => same(one, author.login) || one === `id:${author.id}`);
  if (!author || person === undefined) return ignored("not_an_approver");
  if (!person.startsWith("id:") && !(await isSameAccount(author))) return ignored("another_account");
  const note = words.join(" ").slice(0, LONGEST_NOTE).toWellFormed();
  try {
    const { status } = await approvals.decide(id.toLowerCase(), {
      approved: command === approve,
      by: { id: person, name: author.login },
      ...(note !== "" && { note }),
    });
    return { status: "processed", event, decision: status };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    // Somebody else was faster, it is too late, or the policy names others.
    if (code === "conflict" || code === "forbidden" || code === "not_found") return ignored(code);
    throw error;
  }
}

/**
 * A name that somebody gives up can be taken by anybody, while policies still have it: so it stays with the account that first decided
 * under it.
 */
async function isSameAccount({ login, id }: { login: string; id: string }): Promise<boolean> {
  const known = await store.update<string>(`approver:${login.toLowerCase()}`, (before) => before ?? id);
  if (known === id) return true;
  log.warning(
    "Somebody else has the name of an approver now, and decided nothing; the policy must name the account by its number",
    { name: login, number: id, was: known },
  );
  return false;
}

/** Forges ignore the case of names. */
export const same = (one: unknown, other: unknown): boolean =>
  typeof one === "string" && typeof other === "string" && one.toLowerCase() === other.toLowerCase();
