import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { scrolls } from "./chat-store.ts";

/** Pixels. A reader this close to the end is reading the newest. */
const NEAR = 24;
/** Pixels. This close to the beginning, earlier messages are loaded. */
const TOP = 160;

interface ScrollOptions {
  /** Its position is remembered under this name. */
  id: string;
  isReady: boolean;
  /** The first entry: another one means that earlier ones were added above it. */
  first: string | undefined;
  onTop(): void;
}

const isNearEnd = (box: HTMLElement | null): boolean =>
  box !== null && box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR;

/**
 * Scrolls along with what is written at the end while the reader is there, and stops when the reader scrolls up. Earlier messages
 * appear above without moving what is being read.
 */
export function useScroll({ id, isReady, first, onTop }: ScrollOptions) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const place = useRef({ top: 0, height: 0 });
  const follows = useRef(scrolls.get(id)?.atEnd ?? true);
  const [isAtEnd, setAtEnd] = useState(follows.current);

  const note = useCallback(
    (atEnd: boolean) => {
      const box = scroller.current;
      if (!box) return;
      follows.current = atEnd;
      place.current = { top: box.scrollTop, height: box.scrollHeight };
      scrolls.set(id, { top: box.scrollTop, atEnd });
      setAtEnd(atEnd);
    },
    [id],
  );
  const toEnd = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    note(true);
  }, [note]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is something to scroll
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!isReady || !box) return;
    const before = scrolls.get(id);
    if (before && !before.atEnd) {
      box.scrollTop = before.top;
      note(false);
    } else toEnd();
  }, [isReady]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is added above moves what is read
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || follows.current || place.current.height === 0) return;
    box.scrollTop = place.current.top + (box.scrollHeight - place.current.height);
    note(false);
  }, [first]);

  useEffect(() => {
    const watch = new ResizeObserver(() => {
      if (follows.current) toEnd();
      else note(isNearEnd(scroller.current));
    });
    // Somebody who unfolds something wants to read it, although that pushes the end away.
    const onClick = ({ target }: MouseEvent) => {
      if ((target as Element).closest("summary, [aria-expanded]")) note(false);
    };
    const inner = content.current;
    inner?.addEventListener("click", onClick);
    for (const box of [scroller.current, inner]) if (box) watch.observe(box);
    return () => {
      watch.disconnect();
      inner?.removeEventListener("click", onClick);
    };
  }, [toEnd, note]);

  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const isUp = box.scrollTop < place.current.top;
    note(isNearEnd(box) || (follows.current && !isUp));
    if (box.scrollTop < TOP && isReady) onTop();
  };
  return { scroller, content, onScroll, toEnd, isAtEnd };
}
