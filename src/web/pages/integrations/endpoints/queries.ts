// The endpoints of an integration whose manifest declares them: routes of the integration itself, which the document of the
// REST API does not describe. docs/integrations/webhook.md does.

import { queryOptions } from "@tanstack/react-query";
import { ApiFailure } from "../../../api/failure.ts";
import { queryClient } from "../../../api/query-client.ts";
import { fetchSignedIn } from "../../../api/sign-in-again.ts";
import type { IfMatch } from "../../../parts/use-edited.tsx";

export interface Verifier {
  scheme: string;
  header?: string;
  algorithm?: string;
  encoding?: string;
  prefix?: string;
  id?: string;
}

export interface Endpoint {
  name: string;
  path: string;
  enabled: boolean;
  preset: string | null;
  verifier: Verifier;
  secrets: { id: string; created_at: string }[];
  bot_id: string;
  prompt_template: string;
  idempotency_pointer: string | null;
  session_pointer: string | null;
  dispatch_config: Record<string, unknown> | null;
  execution_config: Record<string, unknown> | null;
  created_at: string;
  updated_at: string;
}

/** `secret`: one that the server has made, which it tells this once. */
export type Told = Endpoint & { secret?: string };

export interface Preset
  extends Pick<
    Endpoint,
    "verifier" | "prompt_template" | "idempotency_pointer" | "session_pointer" | "execution_config"
  > {
  name: string;
  label: string;
  instructions: string;
  sender_makes_secret: boolean;
  sample: unknown;
}

export type Change = Partial<Omit<Endpoint, "secrets" | "path">> & { preset?: string; secrets?: string[] };

/** Where they are managed: `webhook.endpoints` of the integration. */
export interface Place {
  path: string;
  presets_path: string;
}

/** More are not listed. */
export const MOST_ENDPOINTS = 200;

const keyOf = (path: string) => ["integrations", "endpoints", path];

export const endpointsAt = ({ path }: Place) =>
  queryOptions({
    queryKey: keyOf(path),
    queryFn: async () => {
      const { endpoints } = await call<{ endpoints: Endpoint[] }>("GET", `${path}?limit=${MOST_ENDPOINTS}`);
      return endpoints;
    },
  });

export const presetsAt = ({ presets_path }: Place) =>
  queryOptions({
    queryKey: keyOf(presets_path),
    queryFn: async () => (await call<{ presets: Preset[] }>("GET", presets_path)).presets,
    staleTime: Number.POSITIVE_INFINITY,
  });

const at = ({ path }: Place, name: string): string => `${path}/${encodeURIComponent(name)}`;

export const createEndpoint = (place: Place, body: Change) => changed<Told>(place, "POST", place.path, body);

export const changeEndpoint = (place: Place, name: string, body: Change, header: Partial<IfMatch> = {}) =>
  changed<Endpoint>(place, "PATCH", at(place, name), body, header);

export const readEndpoint = (place: Place, name: string) => call<Endpoint>("GET", at(place, name));

export const deleteEndpoint = (place: Place, name: string) =>
  changed<undefined>(place, "DELETE", at(place, name));

export const addSecret = (place: Place, name: string, secret: string) =>
  changed<Told>(place, "POST", `${at(place, name)}/secrets`, secret === "" ? {} : { secret });

export const deleteSecret = (place: Place, name: string, id: string) =>
  changed<Endpoint>(place, "DELETE", `${at(place, name)}/secrets/${id}`);

export interface Tested {
  status?: string;
  results?: { task_id: string | null; session_id: string; duplicate: boolean }[];
}

export const sendTest = (place: Place, name: string, body: unknown, event: string) =>
  call<Tested>("POST", `${at(place, name)}/test`, { body, ...(event !== "" && { event }) });

async function changed<Answer>(
  { path }: Place,
  method: string,
  to: string,
  body?: unknown,
  header?: Partial<IfMatch>,
): Promise<Answer> {
  try {
    return await call<Answer>(method, to, body, header);
  } finally {
    await queryClient.invalidateQueries({ queryKey: keyOf(path) });
  }
}

async function call<Answer>(
  method: string,
  path: string,
  body?: unknown,
  header: Partial<IfMatch> = {},
): Promise<Answer> {
  const request = new Request(new URL(path, location.origin), {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...header },
    }),
  });
  const response = await fetchSignedIn(request).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok) throw await ApiFailure.of(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
