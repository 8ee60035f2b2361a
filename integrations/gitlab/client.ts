// GitLab's REST API: https://docs.gitlab.com/api/rest/

import { http, rateLimit } from "heddle/sdk";
import { settings } from "./config.ts";

/** Where the server is, without a slash at its end. */
export const baseUrl = (): string => {
  const url = settings.GITLAB_URL;
  return url.endsWith("/") ? url.slice(0, -1) : url;
};

export const gitlab = http({
  service: { name: "GitLab", settings: ["GITLAB_URL"], credentials: ["GITLAB_TOKEN"] },
  // Tools, deliveries and what was missed share it, and all of them wait when the server says so.
  rateLimit: rateLimit({ concurrency: 10 }),
  baseUrl: () => `${baseUrl()}/api/v4`,
  headers: () => ({ "private-token": settings.GITLAB_TOKEN }),
});

/** An issue or a merge request, which have the same routes for comments. */
export interface Noteable {
  /** "group/subgroup/project". */
  project: string;
  kind: "issue" | "merge_request";
  iid: number;
}

export const pathOf = ({ project, kind, iid }: Noteable): string => `${projectPath(project)}/${kind}s/${iid}`;

export const projectPath = (project: string): string => `/projects/${encodeURIComponent(project)}`;

export const pageOf = ({ project, kind, iid }: Noteable, note: number): string =>
  `${baseUrl()}/${project}/-/${kind}s/${iid}#note_${note}`;

/** Asks whose token it is. */
export async function whoAmI({ signal }: { signal: AbortSignal }): Promise<string> {
  if (settings.GITLAB_TOKEN === "") throw new Error("GITLAB_TOKEN must be set.");
  const answer = await gitlab.get("/user", { signal });
  if (!answer.ok) throw new Error(`GitLab answered ${answer.status}.`);
  const { username } = (await answer.json().catch(() => ({}))) as { username?: unknown };
  if (typeof username !== "string") throw new Error("The answer is not GitLab's; is GITLAB_URL right?");
  const set = settings.GITLAB_BOT_USERNAME;
  if (set.toLowerCase() === username.toLowerCase()) return `GitLab knows the token as ${username}.`;
  return set === ""
    ? `GitLab knows the token as ${username}. Set GITLAB_BOT_USERNAME to it, so that the bot does not answer itself.`
    : `GitLab knows the token as ${username}. GITLAB_BOT_USERNAME is ${set}, so the bot would answer itself.`;
}
