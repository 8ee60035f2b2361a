// Going back leads to the place in a list where one was. A list that is opened anew begins at its top.

import { useEffect, useRef } from "react";
import { useSearch } from "wouter";

/** Whether the address was last changed by the browser's buttons. */
let isBack = false;
// Before anybody draws the page for the new address; wouter sends the other two events.
for (const event of ["popstate", "pushState", "replaceState"]) {
  addEventListener(
    event,
    () => {
      isBack = event === "popstate";
    },
    { capture: true },
  );
}

const positions = new Map<string, number>();
/** Of lists that were looked at longer ago, the position is forgotten. */
const MOST_KEPT = 100;

interface ScrollPosition {
  /** Where the list begins, in pixels. */
  initial: number;
  onScroll(top: number): void;
}

/** `name` says which list it is; its filters are part of the address. */
export function useScrollPosition(name: string): ScrollPosition {
  const key = `${name} ${useSearch()}`;
  const initial = useRef<number | undefined>(undefined);
  initial.current ??= isBack ? (positions.get(key) ?? 0) : 0;
  const top = useRef(initial.current);
  useEffect(
    () => () => {
      positions.delete(key);
      positions.set(key, top.current);
      for (const oldest of positions.keys()) {
        if (positions.size <= MOST_KEPT) break;
        positions.delete(oldest);
      }
    },
    [key],
  );
  return {
    initial: initial.current,
    onScroll: (next) => {
      top.current = next;
    },
  };
}
