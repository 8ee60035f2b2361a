// Who is signed in. The cookie is the browser's business; what it may do is the server's answer.

import { create } from "zustand";
import type { Schema } from "./client.ts";
import { ApiFailure } from "./failure.ts";
import { queryClient } from "./query-client.ts";

type Me = Schema<"SignIn">;

type Credential = { api_key: string } | { link: string };

interface Session {
  /** unknown: not asked yet; out: the sign-in screen is shown. */
  state: "unknown" | "in" | "out" | "unreachable";
  me: Me | undefined;
  /** The sign-in screen is shown again because the sign-in has ended by itself. */
  hasEnded: boolean;
}

export const useSession = create<Session>()(() => ({
  state: "unknown",
  me: undefined,
  hasEnded: false,
}));

/** Asks the server who the browser is signed in as. */
export async function resumeSession(): Promise<void> {
  let response: Response;
  try {
    response = await fetch("/api/v1/sign-in");
  } catch {
    return useSession.setState({ state: "unreachable" });
  }
  if (response.ok) return enter(await response.json());
  useSession.setState({ state: response.status < 500 ? "out" : "unreachable", me: undefined });
}

/** Throws an ApiFailure in the API's words. */
export async function signIn(credential: Credential): Promise<void> {
  const response = await fetch("/api/v1/sign-ins", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credential),
  }).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok) throw await ApiFailure.of(response);
  enter(await response.json());
}

/** What was typed or pasted. A link has its token after the #; a token begins with "once_". */
export function credentialOf(text: string): Credential {
  const link = text.includes("#") ? text.slice(text.indexOf("#") + 1) : text;
  return link.startsWith("once_") ? { link } : { api_key: text };
}

/** Returns whether the browser has been signed in meanwhile, for example by a link in another tab. If it has not, nothing changes. */
export async function isSignedInMeanwhile(): Promise<boolean> {
  const response = await fetch("/api/v1/sign-in").catch(() => undefined);
  if (!response?.ok) return false;
  enter(await response.json());
  return true;
}

/** Shows the sign-in screen instead of the pages, and drops what was begun on them. */
export const leave = (hasEnded = false): void =>
  useSession.setState({ state: "out", me: undefined, hasEnded });

/** Names what somebody may see. Somebody who may see the same finds the pages as they were, even with another key. */
export const reachOf = (me: Me | undefined): string =>
  me === undefined ? "" : JSON.stringify([me.scopes, me.rows === "own" && me.api_key_id]);

function enter(me: Me): void {
  // Somebody who may see less must not find what was read before.
  if (reachOf(useSession.getState().me) !== reachOf(me)) queryClient.clear();
  useSession.setState({ state: "in", me, hasEnded: false });
}

/** Ends the sign-in on the server as well. */
export async function signOut(): Promise<void> {
  await fetch("/api/v1/sign-in", { method: "DELETE" }).catch(() => undefined);
  leave();
}

/** As the API does: write includes read, a resource includes its parts, `*` is every action, `admin` everything. */
export function covers(held: readonly string[], wanted: string): boolean {
  const [goal = "", goalAction = ""] = wanted.split(":");
  return held.some((one) => {
    const [resource = "", action = ""] = one.split(":");
    if (one === "admin") return true;
    const isInside = goal === resource || goal.startsWith(`${resource}.`);
    return (
      isInside && (action === "*" || action === goalAction || (action === "write" && goalAction === "read"))
    );
  });
}
