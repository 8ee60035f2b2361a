// A model that requests one tool call and then answers, and records its callers: which run of which repository, in what
// order, and whether two runs of one repository ever overlapped.

import { type ChatCompletionRequest, LLMock } from "@copilotkit/aimock";

export interface Asked {
  /** "acme/repo-1" */
  repo: string;
  /** The pull request's number, which identifies the run. */
  run: number;
  model: string;
}

export interface ReviewingModel {
  url: string;
  /** Every request, in the order of arrival. */
  asked: Asked[];
  /** Requests that arrived while one of another run of the same repository was open. */
  overlaps: Asked[];
  /** Resolves as soon as that many requests have arrived. */
  whenAsked(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** `delayMs` is called for each request: how long the model thinks. */
export async function startReviewingModel(delayMs: () => number): Promise<ReviewingModel> {
  const asked: Asked[] = [];
  const overlaps: Asked[] = [];
  const open = new Set<Asked>();
  const waiting: { count: number; resolve: () => void }[] = [];

  const notice = async (request: ChatCompletionRequest): Promise<Asked> => {
    const one = whoAsks(request);
    asked.push(one);
    if ([...open].some(({ repo, run }) => repo === one.repo && run !== one.run)) overlaps.push(one);
    for (const { count, resolve } of waiting) if (asked.length >= count) resolve();
    open.add(one);
    await Bun.sleep(delayMs());
    open.delete(one);
    return one;
  };

  const mock = new LLMock({ port: 0, journalMaxEntries: 10 });
  mock.on({ hasToolResult: false }, async (request) => {
    const { repo, run } = await notice(request);
    const [owner, name] = repo.split("/");
    const call = { owner, repo: name, pull_number: run };
    return { toolCalls: [{ name: "github_get_pr", arguments: JSON.stringify(call) }] };
  });
  mock.on({ hasToolResult: true }, async (request) => {
    const { run } = await notice(request);
    return { content: `Review of ${run}: nothing to mend.` };
  });
  await mock.start();
  return {
    url: `${mock.url}/v1`,
    asked,
    overlaps,
    whenAsked: (count) =>
      new Promise((resolve) => {
        if (asked.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    stop: () => mock.stop(),
  };
}

/**
 * For each repository, its runs in the order in which they started; a run that resumes after another one appears twice.
 */
export function runsByRepo(asked: Asked[]): Map<string, number[]> {
  const runs = new Map<string, number[]>();
  for (const { repo, run } of asked) {
    const own = runs.get(repo) ?? [];
    if (own.at(-1) !== run) own.push(run);
    runs.set(repo, own);
  }
  return runs;
}

/** The last user message identifies the run; the instructions behind it name the repository. */
function whoAsks({ messages, model }: ChatCompletionRequest): Asked {
  const last = messages.findLast((message) => message.role === "user");
  const [text = "", instructions = ""] = String(last?.content).split("<heddle_context>");
  // A message without an answer is joined with the next one.
  const run = [...text.matchAll(/Change (\d+)/g)].at(-1)?.[1];
  const repo = /acme\/repo-\d+/.exec(instructions)?.[0];
  if (!run || !repo) throw new Error(`Whose request is this? ${JSON.stringify(messages)}`);
  return { repo, run: Number(run), model };
}
