// What differs between two texts, line by line.

export type DiffLine = [sign: " " | "-" | "+", text: string];

/** More differences than this are shown as one: the search for them grows with their square. */
const MOST_DIFFERENCES = 400;

/** A shortest edit script (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986), bounded. */
export function lineDiff(before: string, now: string): DiffLine[] {
  const [old, next] = [linesOf(before), linesOf(now)];
  const most = Math.min(old.length, next.length);
  let start = 0;
  while (start < most && old[start] === next[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === next.at(-1 - end)) end += 1;
  const [oldMiddle, nextMiddle] = [old.slice(start, old.length - end), next.slice(start, next.length - end)];
  return [
    ...marked(" ", next.slice(0, start)),
    ...(edits(oldMiddle, nextMiddle) ?? [...marked("-", oldMiddle), ...marked("+", nextMiddle)]),
    ...marked(" ", next.slice(next.length - end)),
  ];
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.split("\n"));
const marked = (sign: DiffLine[0], lines: readonly string[]): DiffLine[] => lines.map((line) => [sign, line]);

/** Undefined if there are too many. */
function edits(old: readonly string[], next: readonly string[]): DiffLine[] | undefined {
  if (old.length === 0 || next.length === 0) return [...marked("-", old), ...marked("+", next)];
  /** For each number of differences, the furthest place in the old text that is reached on each diagonal. */
  const reached: Map<number, number>[] = [];
  for (let count = 0; count <= Math.min(MOST_DIFFERENCES, old.length + next.length); count += 1) {
    const before = reached[count - 1];
    const far = new Map<number, number>();
    reached.push(far);
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      let x = before === undefined ? 0 : from(before, diagonal, count);
      while (x < old.length && x - diagonal < next.length && old[x] === next[x - diagonal]) x += 1;
      far.set(diagonal, x);
      if (x >= old.length && x - diagonal >= next.length) return script(old, next, reached);
    }
  }
  return undefined;
}

/** The furthest place from which a step leads to the diagonal: down adds a line, right removes one. */
const from = (before: ReadonlyMap<number, number>, diagonal: number, count: number): number =>
  isDown(before, diagonal, count) ? (before.get(diagonal + 1) ?? 0) : (before.get(diagonal - 1) ?? 0) + 1;

const isDown = (before: ReadonlyMap<number, number>, diagonal: number, count: number): boolean =>
  diagonal === -count ||
  (diagonal !== count && (before.get(diagonal - 1) ?? -1) < (before.get(diagonal + 1) ?? -1));

/** The way back from the end. */
function script(
  old: readonly string[],
  next: readonly string[],
  reached: readonly ReadonlyMap<number, number>[],
): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [old.length, next.length];
  for (let count = reached.length - 1; count > 0; count -= 1) {
    const before = reached[count - 1] as ReadonlyMap<number, number>;
    const diagonal = x - y;
    const down = isDown(before, diagonal, count);
    const was = down ? diagonal + 1 : diagonal - 1;
    const [toX, toY] = [before.get(was) ?? 0, (before.get(was) ?? 0) - was];
    // The lines in common after the step.
    while (x > toX + (down ? 0 : 1) && y > toY + (down ? 1 : 0)) {
      x -= 1;
      y -= 1;
      lines.push([" ", old[x] ?? ""]);
    }
    if (down) lines.push(["+", next[toY] ?? ""]);
    else lines.push(["-", old[toX] ?? ""]);
    [x, y] = [toX, toY];
  }
  while (x > 0 && y > 0) {
    x -= 1;
    y -= 1;
    lines.push([" ", old[x] ?? ""]);
  }
  return lines.reverse();
}
