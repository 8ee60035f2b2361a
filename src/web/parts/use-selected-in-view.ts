import { type RefObject, useEffect, useRef } from "react";

/** For what scrolls by itself, as tabs do on a narrow screen: what is selected in it is brought into view. */
export function useSelectedInView<Element extends HTMLElement>(selected: string): RefObject<Element | null> {
  const scrolled = useRef<Element>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one is selected by another address
  useEffect(() => {
    scrolled.current
      ?.querySelector('[aria-selected="true"], [aria-current="page"]')
      ?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected]);
  return scrolled;
}
