import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { usePages } from "../pages.tsx";

/** How long "g" waits for the page's letter. */
const SEQUENCE_MS = 1_500;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest("input, textarea, select, [role=dialog]") !== null);

/** "g" and a letter open a page, "?" shows all shortcuts. Nothing happens while somebody types. */
export function useShortcuts({ onHelp }: { onHelp(): void }): void {
  const [, navigate] = useLocation();
  const pages = usePages();
  const latest = useRef({ onHelp, navigate, pages });
  latest.current = { onHelp, navigate, pages };
  useEffect(() => {
    let startedAt = Number.NEGATIVE_INFINITY;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") {
        event.preventDefault();
        return latest.current.onHelp();
      }
      const page = latest.current.pages.find(({ shortcut }) => shortcut === event.key);
      if (page && performance.now() - startedAt < SEQUENCE_MS) {
        event.preventDefault();
        latest.current.navigate(page.path);
      }
      startedAt = event.key === "g" ? performance.now() : Number.NEGATIVE_INFINITY;
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}
