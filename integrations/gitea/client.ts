// The REST API that Gitea and Forgejo have in common: https://docs.gitea.com/api, https://forgejo.org/docs/latest/user/api-usage/

import { http, rateLimit } from "heddle/sdk";
import { settings } from "./config.ts";

/** Where the server is, without a slash at its end. */
const baseUrl = (): string => {
  const url = settings.GITEA_URL;
  if (url === "") throw new Error("GITEA_URL must be set.");
  return url.endsWith("/") ? url.slice(0, -1) : url;
};

export const gitea = http({
  service: { name: "The server", settings: ["GITEA_URL"], credentials: ["GITEA_TOKEN"] },
  // Tools, deliveries and what was missed share it, and all of them wait when the server says so.
  rateLimit: rateLimit({ concurrency: 10 }),
  baseUrl: () => `${baseUrl()}/api/v1`,
  headers: () => ({ authorization: `token ${settings.GITEA_TOKEN}` }),
});

/** An issue or a pull request, which are the same for comments. */
export interface IssueTarget {
  owner: string;
  repo: string;
  number: number;
}

export const repositoryPath = ({ owner, repo }: Pick<IssueTarget, "owner" | "repo">): string =>
  `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;

export const issuePath = (target: IssueTarget): string => `${repositoryPath(target)}/issues/${target.number}`;

/** Asks whose token it is. */
export async function whoAmI({ signal }: { signal: AbortSignal }): Promise<string> {
  if (settings.GITEA_TOKEN === "") throw new Error("GITEA_TOKEN must be set.");
  const answer = await gitea.get("/user", { signal });
  // The token may write comments, but not read its account.
  if (answer.status === 403) {
    await answer.body?.cancel();
    return "The server accepts the token, which may not read its own account.";
  }
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  const { login } = (await answer.json().catch(() => ({}))) as { login?: unknown };
  if (typeof login !== "string") throw new Error("The answer is not Gitea's; is GITEA_URL right?");
  const set = settings.GITEA_BOT_LOGIN;
  if (set.toLowerCase() === login.toLowerCase()) return `The server knows the token as ${login}.`;
  return set === ""
    ? `The server knows the token as ${login}. Set GITEA_BOT_LOGIN to it, so that the bot does not answer itself.`
    : `The server knows the token as ${login}. GITEA_BOT_LOGIN is ${set}, so the bot would answer itself.`;
}
