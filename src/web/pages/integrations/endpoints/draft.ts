// What the form of an endpoint holds, and what is sent of it.

import type { Change, Endpoint, Preset, Verifier } from "./queries.ts";

export interface Draft {
  name: string;
  verifier: Verifier;
  /** Only of a new one. Empty: the server makes one. */
  secret: string;
  bot_id: string;
  prompt_template: string;
  session_pointer: string;
  idempotency_pointer: string;
  /** As JSON; empty for none. */
  dispatch_config: string;
  execution_config: string;
}

const jsonText = (value: object | null): string => (value === null ? "" : JSON.stringify(value, null, 2));

/** `preset` undefined: for a sender that has none. */
export const newDraft = (preset: Preset | undefined): Draft => ({
  name: preset?.name ?? "",
  verifier: preset?.verifier ?? { scheme: "hmac", header: "x-signature", prefix: "sha256=" },
  secret: "",
  bot_id: "default",
  prompt_template: preset?.prompt_template ?? "This arrived:\n\n{{.}}\n\nSay what it is about.",
  session_pointer: preset?.session_pointer ?? "",
  idempotency_pointer: preset?.idempotency_pointer ?? "",
  dispatch_config: "",
  execution_config: jsonText(preset?.execution_config ?? null),
});

export const draftOf = (endpoint: Endpoint): Draft => ({
  name: endpoint.name,
  verifier: endpoint.verifier,
  secret: "",
  bot_id: endpoint.bot_id,
  prompt_template: endpoint.prompt_template,
  session_pointer: endpoint.session_pointer ?? "",
  idempotency_pointer: endpoint.idempotency_pointer ?? "",
  dispatch_config: jsonText(endpoint.dispatch_config),
  execution_config: jsonText(endpoint.execution_config),
});

/** Throws with the field's name if a text that must be JSON is not. */
export function bodyOf(draft: Draft): Change {
  return {
    verifier: Object.fromEntries(
      Object.entries(draft.verifier).filter(([, value]) => value !== ""),
    ) as unknown as Verifier,
    bot_id: draft.bot_id,
    prompt_template: draft.prompt_template,
    session_pointer: draft.session_pointer === "" ? null : draft.session_pointer,
    idempotency_pointer: draft.idempotency_pointer === "" ? null : draft.idempotency_pointer,
    dispatch_config: objectOf(draft.dispatch_config, "Where answers go"),
    execution_config: objectOf(draft.execution_config, "What its runs get"),
  };
}

/** Only what differs: secrets of a target are not shown, so that an unchanged one must not be sent back. */
export function changesOf(before: Draft, after: Draft): Change {
  const was = bodyOf(before);
  const fields = Object.entries(bodyOf(after)).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(was[field as keyof Change]),
  );
  return Object.fromEntries(fields);
}

function objectOf(text: string, field: string): Record<string, unknown> | null {
  if (text.trim() === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Said below.
  }
  throw new Error(`“${field}” must be a JSON object, such as {"type": "none"}, or empty.`);
}
