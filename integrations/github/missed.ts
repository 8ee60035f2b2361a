// Catches up after an outage: asks GitHub which webhooks it could not deliver, and has them delivered again. They arrive like any other
// webhook, and are recognised by their delivery id, so that none runs twice.

import { log, poll, store } from "heddle/sdk";
import { line, type Payload, record } from "../_forge/payload.ts";
import { listOf } from "./answer.ts";
import { isApp, isConfigured } from "./app.ts";
import { connectGitHub, readFailure } from "./client.ts";
import { settings } from "./config.ts";
import { whoAmI } from "./who-am-i.ts";

/** A webhook as GitHub identifies it in its headers. */
interface Hook {
  id: number;
  /** "owner/repo", or an organisation; of an App, its id. */
  of: string;
  kind: "repository" | "organization" | "integration";
}

interface DeliveryOfHook {
  id: number;
  guid: string;
  delivered_at: string;
  status_code: number;
}

const EVERY_SECONDS = 300;
/** Something that was asked for again has arrived by then, or has failed again. */
const SOON_SECONDS = 15;
const LONGEST_PAUSE_MS = 3_600_000;
/** GitHub delivers again what is at most three days old. */
const LONGEST_MS = 3 * 86_400_000;
/** What was being delivered when the server was last heard. */
const MARGIN_MS = 600_000;
const PAGE = 100;
const MOST_PAGES = 10;
const PREFIX = "hook:";

interface Asked {
  tries: number;
  /** When it was asked for last, in milliseconds since 1970. */
  at: number;
}

/** Until the next look: soon while something that was asked for is not there yet. */
let pauseSeconds = EVERY_SECONDS;

/** Saves a read for each webhook: what this process knows to be stored. */
const known = new Set<string>();

/** Remembers where a verified webhook comes from, for the question what was missed. */
export async function rememberHook(headers: Headers, payload: Payload): Promise<void> {
  const id = Number(headers.get("x-github-hook-id"));
  const kind = headers.get("x-github-hook-installation-target-type");
  if (!Number.isSafeInteger(id) || id <= 0) return;
  if (kind !== "repository" && kind !== "organization" && kind !== "integration") return;
  const of = senderOf(kind, payload);
  if (of === "" || known.has(`${id} ${of}`)) return;
  await store.set(`${PREFIX}${id}`, { id, of, kind } satisfies Hook);
  known.add(`${id} ${of}`);
}

function senderOf(kind: Hook["kind"], { repository, organization }: Payload): string {
  if (kind === "integration") return settings.GITHUB_APP_ID;
  return kind === "repository" ? line(record(repository).full_name) : line(record(organization).login);
}

poll({
  name: "missed-webhooks",
  everySeconds: () => pauseSeconds,
  when: isConfigured,
  async run({ signal, since }) {
    pauseSeconds = EVERY_SECONDS;
    // A connection that nobody has tried would be shown as a good one.
    await whoAmI(signal);
    if (since === null || !settings.GITHUB_CATCH_UP) return;
    const hooks = await store.list<Hook>({ prefix: PREFIX, limit: 1000 });
    for (const { value } of hooks) {
      signal.throwIfAborted();
      // Only the App may ask about its webhook, and only that of the App that is set.
      if (value.kind === "integration" && (!isApp() || value.of !== settings.GITHUB_APP_ID)) continue;
      await catchUp(value, since.getTime() - MARGIN_MS, signal);
    }
  },
});

async function catchUp(hook: Hook, since: number, signal: AbortSignal): Promise<void> {
  const key = `waiting:${hook.id}`;
  // While something is not there, it stays in sight, also when all that is newer has arrived.
  const waiting = await store.get<number>(key);
  try {
    const deliveries = await missed(hook, Math.min(since, waiting ?? since), signal);
    const oldest = Math.min(...deliveries.map(({ delivered_at }) => Date.parse(delivered_at)));
    if (deliveries.length > 0 && oldest !== waiting)
      await store.set(key, oldest, { ttlSeconds: LONGEST_MS / 1000 });
    for (const delivery of deliveries) {
      if (await mayTry(delivery.guid)) await deliverAgain(hook, delivery, signal);
    }
    if (deliveries.length === 0 && waiting !== undefined) await store.delete(key);
  } catch (error) {
    const failure = signal.aborted ? null : readFailure(error);
    // The token may write comments, but not see webhooks: that is fine, and what was missed is delivered again by hand.
    if (failure?.status !== 403 && failure?.status !== 404) throw error;
    log.debug("The token may not see what GitHub could not deliver", { hook: hook.of });
  }
}

/** Deliveries since then that failed and did not succeed later, oldest first. */
async function missed(hook: Hook, since: number, signal: AbortSignal): Promise<DeliveryOfHook[]> {
  const github = connectGitHub(signal);
  const oldest = Math.max(since, Date.now() - LONGEST_MS);
  const found: DeliveryOfHook[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await github.request(`GET ${pathOf(hook)}/deliveries`, {
      per_page: PAGE,
      ...(cursor && { cursor }),
    });
    const rows = listOf(answer as never, "a list of deliveries", "id", "guid") as DeliveryOfHook[];
    found.push(...rows.filter(({ delivered_at }) => Date.parse(delivered_at) >= oldest));
    cursor = nextCursor(String(answer.headers.link ?? ""));
    // Newest first.
    if (cursor === undefined || found.length < (page + 1) * PAGE) break;
  }
  const arrived = new Set(
    found.filter(({ status_code }) => status_code < 400 && status_code > 0).map(({ guid }) => guid),
  );
  const failed = new Map(
    found
      .filter(({ guid, status_code }) => !arrived.has(guid) && isOutage(status_code))
      .map((one) => [one.guid, one]),
  );
  return [...failed.values()].reverse();
}

/** Reads the Link header: `<https://…?cursor=v1_2>; rel="next"`. */
function nextCursor(links: string): string | undefined {
  const next = links.split(",").find((link) => link.includes('rel="next"'));
  const url = next?.slice(next.indexOf("<") + 1, next.indexOf(">")) ?? "";
  return URL.canParse(url) ? (new URL(url).searchParams.get("cursor") ?? undefined) : undefined;
}

/** Nobody answered, or a proxy for nobody. What Heddle itself has refused, it would refuse again. */
const isOutage = (status: number): boolean =>
  status === 0 || status === 404 || status === 429 || status >= 500;

/** The pauses between the tries grow: nobody may be able to reach this server for long. */
async function mayTry(guid: string): Promise<boolean> {
  const now = Date.now();
  let due = 0;
  await store.update<Asked>(
    `again:${guid}`,
    (before = { tries: 0, at: 0 }) => {
      due = before.at + pauseAfter(before.tries);
      return due > now ? before : { tries: before.tries + 1, at: now };
    },
    { ttlSeconds: LONGEST_MS / 1000 },
  );
  const mayBe = due <= now;
  const nextSeconds = mayBe ? SOON_SECONDS : Math.ceil((due - now) / 1000);
  pauseSeconds = Math.max(1, Math.min(pauseSeconds, nextSeconds));
  return mayBe;
}

/** In milliseconds: 15 seconds, a minute, four minutes, 16 minutes, then an hour. */
const pauseAfter = (tries: number): number =>
  tries === 0 ? 0 : Math.min(SOON_SECONDS * 1000 * 4 ** (tries - 1), LONGEST_PAUSE_MS);

async function deliverAgain(hook: Hook, { id, guid }: DeliveryOfHook, signal: AbortSignal): Promise<void> {
  await connectGitHub(signal).request(`POST ${pathOf(hook)}/deliveries/${id}/attempts`);
  log.info("GitHub was asked to deliver a webhook again", { hook: hook.of, delivery: guid });
}

function pathOf({ id, of, kind }: Hook): string {
  if (kind === "integration") return "/app/hook";
  const name = of.split("/").map(encodeURIComponent).join("/");
  return `/${kind === "repository" ? "repos" : "orgs"}/${name}/hooks/${id}`;
}
