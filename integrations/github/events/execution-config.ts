import { preamble } from "../../_forge/preamble.ts";
import type { EventRun } from "./event.ts";
import type { Repository } from "./repository.ts";

const SKILLS = ["integrations/github/github"];

/** The instructions, skills and tools of the one run that an event causes. */
export function executionConfig({ assignment, issueNumber, tools }: EventRun, { owner, repo }: Repository) {
  const system_preamble = preamble({
    assignment,
    forge: "GitHub",
    place: `repository ${owner}/${repo} (owner "${owner}", repo "${repo}"), number\n${issueNumber}`,
    markdown: "GitHub-flavoured Markdown",
    scope: `${owner}/${repo}`,
  });
  return { system_preamble, skills: SKILLS, tools };
}
