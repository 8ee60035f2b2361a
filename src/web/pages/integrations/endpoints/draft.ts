// What the form of an endpoint holds, and what is sent of it.

import { objectOf } from "../../../parts/wrong-field.ts";
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

/** Throws a WrongInput if a text that must be JSON is not. */
export function bodyOf(draft: Draft): Omit<Change, "preset" | "secrets"> {
  return {
    verifier: Object.fromEntries(
      Object.entries(draft.verifier).filter(([, value]) => value !== ""),
    ) as unknown as Verifier,
    bot_id: draft.bot_id,
    prompt_template: draft.prompt_template,
    session_pointer: draft.session_pointer === "" ? null : draft.session_pointer,
    idempotency_pointer: draft.idempotency_pointer === "" ? null : draft.idempotency_pointer,
    dispatch_config: objectOrNull(draft.dispatch_config, "dispatch_config", "Where answers go"),
    execution_config: objectOrNull(draft.execution_config, "execution_config", "What its runs get"),
  };
}

const objectOrNull = (text: string, field: string, label: string): Record<string, unknown> | null =>
  text.trim() === ""
    ? null
    : objectOf(text, field, `“${label}” must be a JSON object, such as {"type": "none"}, or empty.`);
