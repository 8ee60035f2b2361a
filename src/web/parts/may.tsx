import type { ReactNode } from "react";
import { covers, useSession } from "../api/session.ts";

/** Whether the person who is signed in has this scope. */
export const useMay = (scope: string): boolean => useSession(({ me }) => covers(me?.scopes ?? [], scope));

/** Shows its children only to those who have the scope. */
export function May({ scope, children }: { scope: string; children: ReactNode }) {
  return useMay(scope) && children;
}
