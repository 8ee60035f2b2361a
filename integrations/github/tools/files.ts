import type { Octokit } from "@octokit/core";
import { register, t } from "heddle/sdk";
import { type Answer, listOf, objectOf, textOf } from "../answer.ts";
import { OWNER, REPO, ref } from "../schema.ts";
import { cut, withGitHub } from "./_client.ts";

const FILE_LIMIT = 100_000;
const BRANCHES = 100;
const CONTENTS = "GET /repos/{owner}/{repo}/contents/{+path}";

interface FileAddress {
  owner: string;
  repo: string;
  path: string;
  ref?: string;
}

export const getFile = register(
  {
    name: "github_get_file",
    annotations: { readOnly: true },
    description: "Read a text file of a repository, or list a folder.",
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      path: t.String({ description: "From the root of the repository: src/main.ts" }),
      ref: t.Optional(ref("Branch, tag or commit; without it, the default branch")),
    }),
  },
  ({ path, ...place }, ctx) => {
    const segments = path.split("/").filter((segment) => segment !== "");
    if (segments.some((segment) => segment === "." || segment === "..")) {
      return { error: `path must be a path from the root of the repository; got "${path}".` };
    }
    const at = place.ref === undefined ? "" : ` at ${place.ref}`;
    const file: FileAddress = { ...place, path: segments.map(encodeURIComponent).join("/") };
    return withGitHub(ctx, `file ${path} in ${place.owner}/${place.repo}${at}`, (github) =>
      read(github, file, path),
    );
  },
);

export const listBranches = register(
  {
    name: "github_list_branches",
    annotations: { readOnly: true },
    description: `List up to ${BRANCHES} branches of a repository.`,
    parameters: t.Object({ owner: OWNER, repo: REPO }),
  },
  ({ owner, repo }, ctx) =>
    withGitHub(ctx, `repository ${owner}/${repo}`, async (github) => {
      const answer = await github.request("GET /repos/{owner}/{repo}/branches", {
        owner,
        repo,
        per_page: BRANCHES,
      });
      return listOf(answer, "a list of branches", "name", "commit").map(
        ({ name, commit, protected: isProtected }) => ({
          name,
          sha: commit.sha,
          protected: isProtected,
        }),
      );
    }),
);

async function read(github: Octokit, file: FileAddress, path: string) {
  const answer = await github.request(CONTENTS, { ...file });
  if (Array.isArray(answer.data)) {
    const data = listOf(answer as Answer<typeof answer.data>, "a folder", "name");
    return { path, type: "folder", entries: data.map(({ name, type, size }) => ({ name, type, size })) };
  }
  const data = objectOf(answer as Answer<typeof answer.data>, "a file", "type");
  if (data.type !== "file") return { error: `${path} is a ${data.type}, not a file.` };
  // Above one megabyte, GitHub omits the content, unless the raw file is requested.
  const text = data.encoding === "base64" ? decode(data.content) : await readRaw(github, file);
  if (text === null) return { error: `${path} is not a text file.` };
  return { path, size: data.size, sha: data.sha, content: cut(text, FILE_LIMIT) };
}

async function readRaw(github: Octokit, file: FileAddress): Promise<string> {
  return textOf(await github.request(CONTENTS, { ...file, mediaType: { format: "raw" } }), "a file");
}

function decode(base64: string): string | null {
  try {
    const bytes = Uint8Array.fromBase64(base64.replaceAll("\n", ""));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
