// Tells code from what only looks like it: the same words in a text, a comment or a method's name.

export interface Place {
  /** Where it begins in the source. */
  at: number;
  length: number;
}

export interface InCodeOptions {
  loader: Bun.TranspilerOptions["loader"];
  /** False if the source must not contain macros. */
  macros?: boolean | undefined;
}

/**
 * Those of the places (in order, each of which could be an expression) that are code. The transpiler shows it: it substitutes
 * another name there (a text could be folded away), and nowhere else. None if the source cannot be parsed, which the bundler reports with its position.
 */
export function inCode<T extends Place>(source: string, places: readonly T[], options: InCodeOptions): T[] {
  if (places.length === 0) return [];
  const { loader, macros = true } = options;
  const indexes = new Map<Place, number>(places.map((place, index) => [place, index]));
  const define = Object.fromEntries(places.map((_, index) => [marker(index), `__heddle_seen_${index}__`]));
  const marked = replaced(source, places, (place) => marker(indexes.get(place) ?? 0));
  try {
    const given = { loader, define, target: "bun", ...(!macros && { macro: false }) };
    const written = new Bun.Transpiler(given as Bun.TranspilerOptions).transformSync(marked);
    const seen = new Set(
      [...written.matchAll(/__heddle_seen_(\d{1,9})__/g)].map(([, index]) => Number(index)),
    );
    return places.filter((_, index) => seen.has(index));
  } catch {
    return [];
  }
}

const marker = (index: number): string => `__heddle_code_${index}__`;

/** The source with other texts at these places. */
export function replaced<T extends Place>(
  source: string,
  places: readonly T[],
  textOf: (place: T) => string,
): string {
  const parts: string[] = [];
  let end = 0;
  for (const place of places) {
    parts.push(source.slice(end, place.at), textOf(place));
    end = place.at + place.length;
  }
  return [...parts, source.slice(end)].join("");
}
