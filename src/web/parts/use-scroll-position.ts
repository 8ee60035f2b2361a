// Going back leads to the place in a list where one was. A list that is opened anew begins at its top.

import { useEffect, useRef } from "react";
import { useLocation, useSearch } from "wouter";

/** Positions in pixels by the entry of the browser's history and the list's name. */
const positions = new Map<string, number>();
/** Of pages that were looked at longer ago, the position is forgotten. */
const MOST_KEPT = 200;

/**
 * Names the entry of the history that is shown. A page that is opened anew gets another, going back leads to the same.
 * Browsers without this interface begin each list at its top.
 */
const entry = (): string | undefined =>
  (window as { navigation?: { currentEntry: { key: string } | null } }).navigation?.currentEntry?.key;

interface ScrollPosition {
  /** Where the list begins, in pixels. */
  initial: number;
  onScroll(top: number): void;
}

export function useScrollPosition(name: string): ScrollPosition {
  const [path] = useLocation();
  const search = useSearch();
  const initial = useRef<number | undefined>(undefined);
  initial.current ??= positions.get(`${entry()} ${name}`) ?? 0;
  const top = useRef(initial.current);
  const keep = () => {
    const key = `${entry()} ${name}`;
    if (entry() === undefined) return;
    positions.delete(key);
    positions.set(key, top.current);
    const [oldest] = positions.keys();
    if (positions.size > MOST_KEPT && oldest !== undefined) positions.delete(oldest);
  };
  // A row that is opened beside the list is an entry of its own, with the list where it is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each address
  useEffect(keep, [path, search]);
  return {
    initial: initial.current,
    onScroll: (next) => {
      top.current = next;
      keep();
    },
  };
}
