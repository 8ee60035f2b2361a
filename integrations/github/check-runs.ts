// An answer as a check of a commit, which people see beside the tests of a pull request. Only GitHub Apps may write checks.

import type { Octokit } from "@octokit/core";
import { listOf, type Made, madeOf } from "./answer.ts";

export interface CheckTarget {
  owner: string;
  repo: string;
  head_sha: string;
  /** What the check is called. */
  name: string;
}

export interface CheckAnswer {
  text: string;
  /** The answer as data, if the run had an output_schema. */
  output: unknown;
  isError: boolean;
}

/** What a run with an output_schema may say about its check. */
interface Verdict {
  conclusion: Conclusion;
  title: string;
}

const CONCLUSIONS = ["success", "neutral", "failure", "action_required"] as const;
type Conclusion = (typeof CONCLUSIONS)[number];

/** Of the summary, and of the text below it. */
const LIMIT = 65_535;
const LONGEST_TITLE = 200;
const ROUTE = "/repos/{owner}/{repo}/check-runs";

export interface CheckReceipt {
  check_run_id: number;
  urls: string[];
}

/** Makes the check of a commit; from the second attempt on, one that an earlier attempt has made is found by its external id. */
export async function postCheck(
  github: Octokit,
  { owner, repo, head_sha, name }: CheckTarget,
  { text, output, isError }: CheckAnswer,
  { delivery_id, attempt }: { delivery_id: string; attempt: number },
): Promise<CheckReceipt> {
  const earlier =
    attempt > 1 ? await findCheck(github, { owner, repo, head_sha, name }, delivery_id) : undefined;
  const { conclusion, title } = isError
    ? ({ conclusion: "failure", title: "The run failed" } as const)
    : verdictOf(output, name);
  const made =
    earlier ??
    madeOf(
      await github.request(`POST ${ROUTE}`, {
        ...{ owner, repo, head_sha, name, external_id: delivery_id, status: "completed", conclusion },
        output: { title, ...parted(text) },
      }),
      "id",
      "the check that it made",
    );
  return { check_run_id: made.id, urls: [made.url] };
}

async function findCheck(
  github: Octokit,
  { owner, repo, head_sha, name }: CheckTarget,
  delivery_id: string,
): Promise<Made | undefined> {
  const route = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs";
  const query = { owner, repo, ref: head_sha, check_name: name, filter: "all", per_page: 100 } as const;
  const answer = await github.request(route, query);
  const runs = listOf({ ...answer, data: answer.data.check_runs }, "a list of checks", "id");
  const found = runs.find(({ external_id }) => external_id === delivery_id);
  return found && { id: Number(found.id), url: found.html_url ?? "" };
}

/** By default a check neither passes nor fails: an answer in words is an opinion. */
function verdictOf(output: unknown, name: string): Verdict {
  const { conclusion, title } = (output ?? {}) as Partial<Record<keyof Verdict, unknown>>;
  return {
    conclusion: CONCLUSIONS.find((one) => one === conclusion) ?? "neutral",
    title: typeof title === "string" && title !== "" ? title.slice(0, LONGEST_TITLE) : name,
  };
}

function parted(text: string): { summary: string; text?: string } {
  if (text.length <= LIMIT) return { summary: text };
  const rest = text.slice(LIMIT, 2 * LIMIT).toWellFormed();
  return { summary: text.slice(0, LIMIT).toWellFormed(), text: rest };
}
