// Finds many terms in a text at once (Rabin-Karp): each term is indexed by the hash of eight of its characters, and a
// rolling hash over the text shows where a term may be. The cost of a search depends on the text, not on the number of
// terms.

export interface Matcher {
  /** Terms are counted: one added twice must be deleted twice. Terms shorter than `SHORTEST_TERM` are ignored. */
  add(term: string): void;
  delete(term: string): void;
  /** Returns the text with every range covered by terms replaced by `marker`. */
  replace(text: string, marker: string): string;
}

/** The length of the hash window. */
export const SHORTEST_TERM = 8;

const BASE = 0x01000193;
/** The factor of the character leaving the window. */
const LEAVING = power(BASE, SHORTEST_TERM - 1);

interface Entry {
  term: string;
  /** Hash of the window that indexes the term. */
  hash: number;
  offset: number;
  count: number;
}

/** `slots` must be a power of two and should exceed the number of terms: an empty slot saves a look-up. */
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
      const found: Range[] = [];
      let hash = 0;
      // Like eachWindow, but without a function call per character: every logged or displayed text passes through here.
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

interface Range {
  start: number;
  end: number;
}

/** Overlapping ranges are merged: a secret that starts with another one is hidden completely. */
function covered(text: string, found: Range[], marker: string): string {
  found.sort((a, b) => a.start - b.start);
  let result = "";
  let end = 0;
  for (const range of found) {
    if (range.start >= end) result += text.slice(end, range.start) + marker;
    end = Math.max(end, range.end);
  }
  return result + text.slice(end);
}

/** At most this many windows of a term are considered. */
const CANDIDATES = 64;

/**
 * Chooses the window that the fewest terms share and that occurs once in its own term: tokens of one service start
 * alike, and a repeating window would compare the same range of a text again and again.
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
  // Start from the end: the beginning of a token is rarely random.
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
