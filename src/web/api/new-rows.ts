// The rows that have arrived since a list's pages were read, whether somebody looks at its top or further down.

interface Row {
  id: string;
}

/** Rows that are newer than the pages, newest first. */
export interface NewRows<Item extends Row> {
  items: Item[];
  /** Whether there are more, which are read only when somebody wants to see them. */
  isBehind: boolean;
}

/** More new rows than this are not kept, because a tab may stay open for days. */
const MOST_NEW = 500;

/**
 * Adds the newest page. "reread": the list has to be read again from its top, because rows between that page and the others are missing.
 * Rows that somebody further down is looking at stay.
 */
export function withNewest<Item extends Row>({
  head,
  known,
  newest,
  isAtTop,
}: {
  head: NewRows<Item>;
  known: Item[];
  newest: Item[];
  isAtTop: boolean;
}): NewRows<Item> | "reread" {
  if (known.length === 0) return "reread";
  if (isAtTop) return overlap(newest, known) ? { items: newest, isBehind: false } : "reread";
  const items = merge(newest, head.items);
  if (head.isBehind || items.length > MOST_NEW || !overlap(newest, [...head.items, ...known])) {
    return { items: head.items, isBehind: true };
  }
  return { items, isBehind: false };
}

/** Where both have a row, the one in `head` counts, because it was read later. */
export function merge<Item extends Row>(head: Item[], known: Item[]): Item[] {
  const fresh = new Set(head.map(({ id }) => id));
  return [...head, ...known.filter(({ id }) => !fresh.has(id))];
}

function overlap(newest: Row[], others: Row[]): boolean {
  const ids = new Set(others.map(({ id }) => id));
  return newest.some(({ id }) => ids.has(id));
}
