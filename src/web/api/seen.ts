// Whether anybody sees the tab. A browser has six connections for a server over HTTP/1.1, for all of its tabs together: if each tab
// kept its streams, the seventh would load nothing.

/** A tab that is hidden only for a moment keeps its connection. */
const UNSEEN_MS = 2_000;

/** The document, as far as it is needed here. */
interface Tab {
  readonly visibilityState: string;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

/** Resolves once the tab is on the screen, at once if it is, and when the signal is aborted. */
export function whenSeen(signal: AbortSignal, page: Tab): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (page.visibilityState !== "visible" && !signal.aborted) return;
    page.removeEventListener("visibilitychange", look);
    signal.removeEventListener("abort", look);
    resolve();
  };
  page.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look);
  look();
  return promise;
}

interface Watch {
  /** Aborted with the given signal, and when nobody has seen the tab for a while. */
  signal: AbortSignal;
  /** Whether it was aborted because nobody has seen the tab. */
  isUnseen(): boolean;
  close(): void;
}

export function watchSeen(outer: AbortSignal, page: Tab, unseenMs = UNSEEN_MS): Watch {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isUnseen = false;
  const end = () => stop.abort(outer.reason);
  const look = () => {
    clearTimeout(timer);
    if (page.visibilityState === "visible") return;
    timer = setTimeout(() => {
      isUnseen = true;
      stop.abort();
    }, unseenMs);
  };
  page.addEventListener("visibilitychange", look);
  outer.addEventListener("abort", end);
  if (outer.aborted) end();
  else look();
  return {
    signal: stop.signal,
    isUnseen: () => isUnseen,
    close() {
      clearTimeout(timer);
      page.removeEventListener("visibilitychange", look);
      outer.removeEventListener("abort", end);
    },
  };
}
