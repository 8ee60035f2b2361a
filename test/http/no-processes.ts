import { notFound } from "../../src/errors.ts";
import type { AppParts } from "../../src/http/api/parts.ts";

const refuse = async (id: string) => {
  throw notFound("integration", id);
};

/** The process API of a server without background processes. */
export const noProcesses: AppParts["processes"] = {
  status: refuse,
  start: refuse,
  stop: refuse,
  restart: refuse,
  setAutoStart: refuse,
  days: async () => [],
  integrationDays: async () => [],
  has: () => false,
  lines: { last: async () => [], after: async () => [], more: async () => undefined },
  signal: new AbortController().signal,
};
