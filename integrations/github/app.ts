// GitHub Apps: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app. The App's private key signs a token that
// proves the App; with it, a token for one installation is asked for, which is good for an hour and only there.

import { createPrivateKey, sign } from "node:crypto";
import type { Octokit } from "@octokit/core";
import { settings } from "./config.ts";

/** What Octokit gives to a hook of its requests. */
interface RequestOptions {
  url: string;
  headers: Record<string, unknown>;
  owner?: unknown;
  repo?: unknown;
  q?: unknown;
}

interface InstallationToken {
  token: string;
  expiresAt: number;
}

/** GitHub allows ten minutes at most. */
const PROOF_SECONDS = 540;
/** GitHub's clock may be behind. */
const SKEW_SECONDS = 60;
/** A token is not used in its last minutes, so that it does not end in the middle of a delivery. */
const RESERVE_MS = 300_000;

export const isApp = (): boolean => settings.GITHUB_APP_ID !== "" && settings.GITHUB_APP_PRIVATE_KEY !== "";

/** Whether a token or an App is set. */
export const isConfigured = (): boolean => isApp() || settings.GITHUB_TOKEN !== "";

export const NOT_CONFIGURED = "GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY, must be set";

/** Installations by "<app> <owner>/<repo>", and their tokens by "<app> <installation>". */
const installations = new Map<string, number>();
const tokens = new Map<string, Promise<InstallationToken>>();

/** Makes requests of this client the App's: of the installation in the request's repository, or of the App itself. */
export function authenticateAsApp(github: Octokit): void {
  github.hook.wrap("request", async (request, given) => {
    const options = given as typeof given & RequestOptions;
    if (isOfApp(options.url)) {
      options.headers.authorization = `Bearer ${proof()}`;
      return request(given);
    }
    const repository = repositoryOf(options);
    const use = async () => {
      options.headers.authorization = `token ${await tokenFor(github, repository)}`;
      return request(given);
    };
    try {
      return await use();
    } catch (error) {
      // Revoked before its time, for example because the App was installed anew.
      if ((error as { status?: unknown }).status !== 401) throw error;
      forget(repository);
      return use();
    }
  });
}

/** The App itself may ask about itself, and where it is installed. */
const isOfApp = (url: string): boolean =>
  url === "/app" || url.startsWith("/app/") || url.endsWith("/installation");

/** "owner/repo" that a request is about; undefined if it is about none. */
function repositoryOf({ owner, repo, url, q }: RequestOptions): string | undefined {
  if (typeof owner === "string" && typeof repo === "string") return `${owner}/${repo}`;
  const [, root, first, second] = url.split("/");
  if (root === "repos" && first && second) return `${first}/${second}`;
  const named = String(q ?? "")
    .split(" ")
    .find((word) => word.startsWith("repo:"));
  return named?.slice("repo:".length);
}

const keyOf = (id: number | string): string => `${settings.GITHUB_APP_ID} ${String(id).toLowerCase()}`;

async function tokenFor(github: Octokit, repository: string | undefined): Promise<string> {
  const isKnown = installations.has(keyOf(repository ?? ""));
  try {
    return await tokenOf(github, repository);
  } catch (error) {
    // The App was removed and installed again, under another number.
    if (!isKnown || (error as { status?: unknown }).status !== 404) throw error;
    forget(repository);
    return tokenOf(github, repository);
  }
}

async function tokenOf(github: Octokit, repository: string | undefined): Promise<string> {
  const installation = await installationOf(github, repository);
  const key = keyOf(installation);
  const known = await tokens.get(key)?.catch(() => undefined);
  if (known && known.expiresAt - RESERVE_MS > Date.now()) return known.token;
  // One request, however many wait for it.
  const asked = askForToken(github, installation);
  tokens.set(key, asked);
  asked.catch(() => tokens.delete(key));
  return (await asked).token;
}

async function askForToken(github: Octokit, installation_id: number): Promise<InstallationToken> {
  const route = "POST /app/installations/{installation_id}/access_tokens";
  const { data } = await github.request(route, { installation_id });
  if (typeof data?.token !== "string") throw new Error("GitHub answered something other than a token.");
  const expiresAt = Date.parse(data.expires_at);
  return { token: data.token, expiresAt: Number.isNaN(expiresAt) ? 0 : expiresAt };
}

/** Requests without a repository, such as a search everywhere, are made by the first installation. */
async function installationOf(github: Octokit, repository: string | undefined): Promise<number> {
  const key = keyOf(repository ?? "");
  const known = installations.get(key);
  if (known !== undefined) return known;
  const [owner = "", repo = ""] = repository?.split("/") ?? [];
  const { data } = repository
    ? await github.request("GET /repos/{owner}/{repo}/installation", { owner, repo })
    : await github.request("GET /app/installations", { per_page: 1 });
  const id = Array.isArray(data) ? data[0]?.id : data?.id;
  if (!Number.isSafeInteger(id)) throw new Error("The GitHub App is installed nowhere.");
  installations.set(key, id as number);
  return id as number;
}

function forget(repository: string | undefined): void {
  const id = installations.get(keyOf(repository ?? ""));
  if (id !== undefined) tokens.delete(keyOf(id));
  installations.delete(keyOf(repository ?? ""));
}

/** A token that proves the App: a JWT, signed with RS256. */
function proof(): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iat: now - SKEW_SECONDS, exp: now + PROOF_SECONDS, iss: settings.GITHUB_APP_ID };
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey()).toString("base64url")}`;
}

function privateKey() {
  try {
    // In a file of environment variables, the key's lines are often joined by "\n".
    return createPrivateKey(settings.GITHUB_APP_PRIVATE_KEY.replaceAll("\\n", "\n"));
  } catch {
    throw new Error("GITHUB_APP_PRIVATE_KEY must be the App's private key, with its BEGIN and END lines.");
  }
}
