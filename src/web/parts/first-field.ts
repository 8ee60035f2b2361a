/** Focusing a select would open its list. */
const FIELD = ["input:not([type=hidden]):not([aria-haspopup=listbox])", "textarea", "select"]
  .map((field) => `${field}:not(:disabled)`)
  .join(", ");

/** Where somebody begins to fill a form in. None on a touch screen, where a keyboard would come up and hide half of it. */
export const firstField = (within: Element | null | undefined): HTMLElement | null =>
  matchMedia("(pointer: fine)").matches ? (within?.querySelector<HTMLElement>(FIELD) ?? null) : null;
