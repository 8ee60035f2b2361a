// Whether what a sidebar section is about works, as its integration says.

import { queryOptions } from "@tanstack/react-query";
import type { Schema } from "../api/client.ts";

export interface Readiness {
  isReady: boolean;
  words: string;
}

/** Undefined data: the section declares no endpoint. */
export const readiness = ({ id, readiness_endpoint, readiness_field }: Schema<"SidebarSection">) =>
  queryOptions({
    queryKey: ["readiness", id],
    queryFn: () => ask(readiness_endpoint ?? "", readiness_field),
    // Only paths of this server.
    enabled: isOwnPath(readiness_endpoint),
    refetchInterval: 60_000,
  });

const isOwnPath = (path: string | null | undefined): boolean =>
  typeof path === "string" && path.startsWith("/") && !path.startsWith("//") && !path.includes("\\");

async function ask(path: string, field: string | null | undefined): Promise<Readiness> {
  const response = await fetch(path);
  if (!response.ok) return { isReady: false, words: `${path} answered with status ${response.status}.` };
  const answer: unknown = await response.json().catch(() => undefined);
  if (!field) return { isReady: true, words: "Ready" };
  const value = (answer as Record<string, unknown> | undefined)?.[field];
  const isReady = isPositive(value);
  return { isReady, words: `${field}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}` };
}

/** The guide leaves open what a readiness field holds: a flag, a word, a number, or an object with one of these. */
function isPositive(value: unknown): boolean {
  if (typeof value === "string") return /^(?:ready|ok|true|live|up|healthy|complete)$/i.test(value);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { ready, ok, status } = value as Record<string, unknown>;
    return isPositive(ready ?? ok ?? status ?? false);
  }
  return Boolean(value);
}
