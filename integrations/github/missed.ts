// Catches up after an outage: asks GitHub which webhooks it could not deliver, and has them delivered again. They arrive like any other
// webhook, and are recognised by their delivery id, so that none runs twice.

import { log, poll, store } from "heddle/sdk";
import { line, type Payload, record } from "../_forge/payload.ts";
import { listOf } from "./answer.ts";
import { isApp, isConfigured } from "./app.ts";
import { connectGitHub, readFailure } from "./client.ts";
import { settings } from "./config.ts";

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
/** GitHub delivers again what is at most three days old. */
const LONGEST_MS = 3 * 86_400_000;
/** What was being delivered when the server was last heard. */
const MARGIN_MS = 600_000;
const MOST_TRIES = 3;
const PAGE = 100;
const MOST_PAGES = 10;
const PREFIX = "hook:";

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
  everySeconds: EVERY_SECONDS,
  when: () => isConfigured() && settings.GITHUB_CATCH_UP,
  async run({ signal, since }) {
    if (since === null) return;
    const hooks = await store.list<Hook>({ prefix: PREFIX, limit: 1000 });
    for (const { value } of hooks) {
      signal.throwIfAborted();
      // Only the App may ask about its webhook, and only that of the App that is set.
      if (value.kind === "integration" && (!isApp() || value.of !== settings.GITHUB_APP_ID)) continue;
      await catchUp(value, new Date(since.getTime() - MARGIN_MS), signal);
    }
  },
});

async function catchUp(hook: Hook, since: Date, signal: AbortSignal): Promise<void> {
  try {
    for (const delivery of await missed(hook, since, signal)) {
      if (await mayTry(delivery.guid)) await deliverAgain(hook, delivery, signal);
    }
  } catch (error) {
    const failure = signal.aborted ? null : readFailure(error);
    // The token may write comments, but not see webhooks: that is fine, and what was missed is delivered again by hand.
    if (failure?.status !== 403 && failure?.status !== 404) throw error;
    log.debug("The token may not see what GitHub could not deliver", { hook: hook.of });
  }
}

/** Deliveries since then that failed and did not succeed later, oldest first. */
async function missed(hook: Hook, since: Date, signal: AbortSignal): Promise<DeliveryOfHook[]> {
  const github = connectGitHub(signal);
  const oldest = Math.max(since.getTime(), Date.now() - LONGEST_MS);
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

async function mayTry(guid: string): Promise<boolean> {
  const tries = await store.update<number>(`again:${guid}`, (before = 0) => before + 1, {
    ttlSeconds: LONGEST_MS / 1000,
  });
  return (tries ?? 0) <= MOST_TRIES;
}

async function deliverAgain(hook: Hook, { id, guid }: DeliveryOfHook, signal: AbortSignal): Promise<void> {
  await connectGitHub(signal).request(`POST ${pathOf(hook)}/deliveries/${id}/attempts`);
  log.info("GitHub was asked to deliver a webhook again", { hook: hook.of, delivery: guid });
}

function pathOf({ id, of, kind }: Hook): string {
  if (kind === "integration") return "/app/hook";
  const name = of.split("/").map(encodeURIComponent).join("/");
  return `/${kind === "repository" ? "repos" : "orgs"}/${name}/hooks/${id}`;
}
