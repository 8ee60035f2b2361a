// Finds many terms in a text at once. Each term is known by eight of its characters, and a rolling hash of the text's
// last eight (Rabin and Karp) says where one may be. What a search costs depends on the text, not on how many terms there are.

export interface Matcher {
  /** Counts: a term that was added twice has to be deleted twice. Shorter ones than `SHORTEST_TERM` are left out. */
  add(term: string): void;
  delete(term: string): void;
  /** The text with `marker` for each stretch that terms cover. */
  replace(text: string, marker: string): string;
}

/** As long as the window that the hash is of. */
export const SHORTEST_TERM = 8;

const BASE = 0x01000193;
/** What the character that leaves the window has been multiplied by. */
const LEAVING = power(BASE, SHORTEST_TERM - 1);

interface Entry {
  term: string;
  /** Of its window. */
  hash: number;
  offset: number;
  count: number;
}

/** `slots`, a power of two, should be more than the number of terms: it saves a look-up where none is. */
export function createMatcher(slots = 1 << 17): Matcher {
  const mask = slots - 1;
  const filled = new Uint32Array(slots);
  const byHash = new Map<number, Entry[]>();
  const byTerm = new Map<string, Entry>();
  const slotOf = (hash: number) => (hash ^ (hash >>> 15)) & mask;
  const fill = (hash: number, by: number) => {
    filled[slotOf(hash)] = (filled[slotOf(hash)] ?? 0) + by;
  };

  return {
    add(term) {
      if (term.length < SHORTEST_TERM) return;
      const known = byTerm.get(term);
      if (known) {
        known.count++;
        return;
      }
      const { hash, offset } = windowFor(term, byHash);
      const entry: Entry = { term, hash, offset, count: 1 };
      byTerm.set(term, entry);
      const others = byHash.get(hash);
      if (others) others.push(entry);
      else byHash.set(hash, [entry]);
      fill(hash, 1);
    },
    delete(term) {
      const entry = byTerm.get(term);
      if (!entry || --entry.count > 0) return;
      byTerm.delete(term);
      fill(entry.hash, -1);
      const left = byHash.get(entry.hash)?.filter((other) => other !== entry) ?? [];
      if (left.length > 0) byHash.set(entry.hash, left);
      else byHash.delete(entry.hash);
    },
    replace(text, marker) {
      if (byTerm.size === 0) return text;
      const found: Stretch[] = [];
      let hash = 0;
      // As eachWindow does, but without a call for each character: every text that is logged or shown comes through here.
      for (let end = 0; end < text.length; end++) {
        if (end >= SHORTEST_TERM) hash -= Math.imul(text.charCodeAt(end - SHORTEST_TERM), LEAVING);
        hash = (Math.imul(hash, BASE) + text.charCodeAt(end)) | 0;
        if (filled[(hash ^ (hash >>> 15)) & mask] === 0 || end < SHORTEST_TERM - 1) continue;
        for (const { term, offset } of byHash.get(hash) ?? []) {
          const start = end - SHORTEST_TERM + 1 - offset;
          if (start >= 0 && text.startsWith(term, start)) found.push({ start, end: start + term.length });
        }
      }
      return found.length === 0 ? text : covered(text, found, marker);
    },
  };
}

interface Stretch {
  start: number;
  end: number;
}

/** Stretches that overlap are one: a secret that begins with another is hidden whole. */
function covered(text: string, found: Stretch[], marker: string): string {
  found.sort((a, b) => a.start - b.start);
  let result = "";
  let end = 0;
  for (const stretch of found) {
    if (stretch.start >= end) result += text.slice(end, stretch.start) + marker;
    end = Math.max(end, stretch.end);
  }
  return result + text.slice(end);
}

/** At most so many windows of a term are looked at. */
const CANDIDATES = 64;

/**
 * The window that fewest terms are known by, and that stands once in its own term: tokens of one service begin alike, and
 * a window that repeats would have the same stretch of a text compared again and again.
 */
function windowFor(term: string, byHash: ReadonlyMap<number, Entry[]>): { hash: number; offset: number } {
  const times = new Map<number, number>();
  const windows: { hash: number; offset: number }[] = [];
  eachWindow(term, (hash, offset) => {
    times.set(hash, (times.get(hash) ?? 0) + 1);
    windows.push({ hash, offset });
  });
  const step = Math.max(1, Math.floor(windows.length / CANDIDATES));
  let best = windows[0] ?? { hash: 0, offset: 0 };
  let least = Number.POSITIVE_INFINITY;
  // From the end: what is random in a token is seldom its beginning.
  for (let at = windows.length - 1; at >= 0 && least > 1; at -= step) {
    const window = windows[at] ?? best;
    const cost = (byHash.get(window.hash)?.length ?? 0) + (times.get(window.hash) ?? 0);
    if (cost < least) {
      least = cost;
      best = window;
    }
  }
  return best;
}

function eachWindow(text: string, visit: (hash: number, at: number) => void): void {
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    if (at >= SHORTEST_TERM) hash -= Math.imul(text.charCodeAt(at - SHORTEST_TERM), LEAVING);
    hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0;
    if (at >= SHORTEST_TERM - 1) visit(hash, at - SHORTEST_TERM + 1);
  }
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let done = 0; done < exponent; done++) result = Math.imul(result, base);
  return result;
}
