// Which input of a form was refused, and how a person gets there.

import { ApiFailure } from "../api/failure.ts";

/** What a form itself refuses, before anything is sent. `field` is named as the API would name it. */
export class WrongInput extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.name = "WrongInput";
    this.field = field;
  }
}

/** What is wrong with the first of these fields that was refused, or with a part of it: `error={wrong("timing.cron")}`. */
export type Wrong = (...fields: string[]) => string | undefined;

/** Marks the inputs of a form: `const wrong = wrongIn(save.error)`. */
export function wrongIn(error: unknown): Wrong {
  if (!(error instanceof ApiFailure || error instanceof WrongInput)) return () => undefined;
  const { field: refused = "", message } = error;
  return (...fields) =>
    fields.some((field) => refused === field || refused.startsWith(`${field}.`)) ? message : undefined;
}

/** Shows what was refused where it is: a long form has its marked field out of view, or folded. */
export function showRefusal(form: HTMLElement | null): void {
  const input = form?.querySelector<HTMLElement>('[aria-invalid="true"]');
  const place = input ?? form?.querySelector<HTMLElement>('[role="alert"]');
  if (!place) return;
  unfold(place);
  // Focusing a select would open its list over the error.
  if (input && input.getAttribute("aria-haspopup") !== "listbox") input.focus({ preventScroll: true });
  place.scrollIntoView({ block: "center" });
}

/** Opens whatever an element is folded into: the browser cannot lead to a field that it does not show. */
export function unfold(element: Element): void {
  for (let at = element.closest("details"); at; at = at.parentElement?.closest("details") ?? null)
    at.open = true;
}

/** A text that must be a JSON object. Throws a WrongInput. */
export function objectOf(text: string, field: string, message: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // The error is thrown below.
  }
  throw new WrongInput(field, message);
}
