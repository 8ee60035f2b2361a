import { showProgress } from "../_forge/progress.ts";
import { gitea, type IssueTarget, issuePath, repositoryPath } from "./client.ts";
import { settings } from "./config.ts";

/** The server keeps one reaction of a kind for each account, so that a repeated run adds nothing. */
const REACTIONS = { seen: "eyes", answered: "rocket", failed: "confused" } as const;

showProgress("gitea", async (target, progress) => {
  if (typeof target.owner !== "string" || !settings.GITEA_REACTIONS || settings.GITEA_TOKEN === "") return;
  const issue = target as unknown as IssueTarget;
  const on =
    typeof target.comment === "number"
      ? `${repositoryPath(issue)}/issues/comments/${target.comment}`
      : issuePath(issue);
  const content = REACTIONS[progress];
  await gitea.post(`${on}/reactions`, { content }, { signal: AbortSignal.timeout(8_000) }).text();
});
