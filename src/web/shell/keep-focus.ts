// What has the focus may go away: a button of a dialog that closes, a row that is deleted, a link whose page makes room for another. The
// browser then gives the focus to nothing, and whoever has no mouse begins again at the top of the page. Here it goes to the form
// that took the place of what is gone, or back to what had it before.

import { firstField } from "../parts/first-field.ts";

interface Had {
  element: HTMLElement;
  /** By these it is found again if it was drawn anew. */
  name: string;
  row: string | undefined;
  isInMain: boolean;
}

/** As many as somebody goes through in a pane that then closes. */
const MOST = 40;

/** Until the returned function is called. */
export function keepFocus(): () => void {
  /** What had the focus, the latest first. */
  let had: Had[] = [];
  /** A button that has lost it because it is busy. */
  let busy: HTMLElement | undefined;
  /** Whoever presses beside everything takes the focus away; nothing is lost then. */
  let isLeft = false;
  let form: HTMLElement | undefined;
  let isDue = false;
  /** What gets the focus from here is no place to come back to. */
  let isOwn = false;

  const look = () => {
    isDue = false;
    const came = form;
    form = undefined;
    const [last] = had;
    if (!last || isLeft || !isNowhere()) return;
    const { element } = last;
    if (element.isConnected && element.matches("[data-loading]")) busy = element;
    else if (!isUsable(element) || element === busy) {
      isOwn = true;
      placeAfter(had, came)?.focus({ preventScroll: true });
      isOwn = false;
    }
  };
  const observer = new MutationObserver((changes) => {
    if (!isNowhere() || had.length === 0) return;
    form ??= formIn(changes);
    if (isDue) return;
    isDue = true;
    // Whatever wants the focus for itself has it by then.
    requestAnimationFrame(look);
  });
  const onFocusIn = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement) || isOwn) return;
    isLeft = false;
    busy = undefined;
    had = [noteOf(target), ...had.filter(({ element }) => element !== target)].slice(0, MOST);
  };
  const onPointerDown = () => {
    isLeft = true;
  };
  const changes = { childList: true, subtree: true, attributeFilter: ["disabled", "data-loading"] };
  observer.observe(document.body, changes);
  addEventListener("focusin", onFocusIn);
  addEventListener("pointerdown", onPointerDown);
  return () => {
    observer.disconnect();
    removeEventListener("focusin", onFocusIn);
    removeEventListener("pointerdown", onPointerDown);
  };
}

/** The browser takes the focus from what is switched off as well, but only when it draws. */
function isNowhere(): boolean {
  const { activeElement } = document;
  return activeElement === null || activeElement === document.body || activeElement.matches(":disabled");
}

const isUsable = (element: HTMLElement): boolean =>
  element.isConnected && element.checkVisibility() && !element.matches(":disabled");

const main = (): HTMLElement | null => document.querySelector("main");

const noteOf = (element: HTMLElement): Had => ({
  element,
  name: nameOf(element),
  row: element.dataset.key,
  isInMain: element.closest("main") !== null,
});

const nameOf = (element: HTMLElement): string =>
  (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 200);

function formIn(changes: readonly MutationRecord[]): HTMLElement | undefined {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (!(node instanceof HTMLElement)) continue;
      const form = node.matches("form") ? node : node.querySelector("form");
      if (form) return form as HTMLElement;
    }
  }
  return undefined;
}

/** Where the focus goes. */
function placeAfter([last, ...before]: readonly Had[], form: HTMLElement | undefined): HTMLElement | null {
  const field = form?.isConnected ? firstField(form) : null;
  if (field) return field;
  for (const one of last ? [last, ...before] : []) {
    // What was lost with a page is not looked for in the menu beside it.
    if (last?.isInMain && !one.isInMain) continue;
    const there = isUsable(one.element) ? one.element : sameAs(one);
    if (there) return there;
  }
  return main();
}

/** The same thing drawn anew, if it is the only one. */
function sameAs({ element: { tagName }, name, row, isInMain }: Had): HTMLElement | undefined {
  const within = isInMain ? main() : document.body;
  const all = [...(within?.querySelectorAll<HTMLElement>(tagName) ?? [])];
  const same = all.filter((one) =>
    row === undefined ? name !== "" && nameOf(one) === name : one.dataset.key === row,
  );
  return same.length === 1 && same[0] && isUsable(same[0]) ? same[0] : undefined;
}
