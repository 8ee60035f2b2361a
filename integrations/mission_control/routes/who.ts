import { callerOf } from "heddle/sdk";

/** Who calls, for the timeline and for decisions. */
export function who(request: Request): { id: string; name: string } {
  const caller = callerOf(request);
  return { id: caller?.id ?? "environment", name: caller?.name ?? "API key" };
}
