import { showProgress } from "../_forge/progress.ts";
import { gitlab, type Noteable, pathOf } from "./client.ts";
import { settings } from "./config.ts";

/** GitLab keeps one reaction of a kind for each account, so that a repeated run adds nothing. */
const REACTIONS = { seen: "eyes", answered: "rocket", failed: "confused" } as const;

showProgress("gitlab", async ({ project, kind, iid, note }, progress) => {
  if (typeof project !== "string" || !settings.GITLAB_REACTIONS || settings.GITLAB_TOKEN === "") return;
  const on = pathOf({ project, kind, iid } as Noteable) + (typeof note === "number" ? `/notes/${note}` : "");
  const name = REACTIONS[progress];
  await gitlab.post(`${on}/award_emoji`, { name }, { signal: AbortSignal.timeout(8_000) }).text();
});
