import type { ReactNode } from "react";
import { covers, useSession } from "../api/session.ts";

/** Whether who is signed in has this scope. */
export const useMay = (scope: string): boolean => useSession(({ me }) => covers(me?.scopes ?? [], scope));

/** What only those see who may do it. */
export function May({ scope, children }: { scope: string; children: ReactNode }) {
  return useMay(scope) && children;
}
