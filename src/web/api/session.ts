// Who is signed in. The cookie is the browser's business; what it may do is the server's answer.

import { create } from "zustand";
import type { Schema } from "./client.ts";
import { ApiFailure } from "./failure.ts";

type Me = Schema<"SignIn">;

interface Session {
  /** unknown: not asked yet; out: the sign-in screen is shown. */
  state: "unknown" | "in" | "out" | "unreachable";
  me: Me | undefined;
  /** Why the sign-in screen is shown again. */
  endedBecause: string | undefined;
}

export const useSession = create<Session>()(() => ({
  state: "unknown",
  me: undefined,
  endedBecause: undefined,
}));

/** Asks the server who the browser is signed in as. */
export async function resumeSession(): Promise<void> {
  let response: Response;
  try {
    response = await fetch("/api/v1/sign-in");
  } catch {
    return useSession.setState({ state: "unreachable" });
  }
  if (response.ok)
    return useSession.setState({ state: "in", me: await response.json(), endedBecause: undefined });
  useSession.setState({ state: response.status < 500 ? "out" : "unreachable", me: undefined });
}

/** Throws an ApiFailure in the API's words. */
export async function signIn(credential: { api_key: string } | { link: string }): Promise<void> {
  const response = await fetch("/api/v1/sign-ins", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credential),
  }).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok) throw await ApiFailure.of(response);
  useSession.setState({ state: "in", me: await response.json(), endedBecause: undefined });
}

/** The server no longer knows the cookie. */
export const sessionEnded = (reason: string): void =>
  useSession.setState({ state: "out", me: undefined, endedBecause: reason });

/** Ends the sign-in on the server as well. */
export async function signOut(): Promise<void> {
  await fetch("/api/v1/sign-in", { method: "DELETE" }).catch(() => undefined);
  useSession.setState({ state: "out", me: undefined, endedBecause: undefined });
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
